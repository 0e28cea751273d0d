import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../scripts/lib/setup.mjs'

const folder = fileURLToPath(new URL('..', import.meta.url))
const installed = join(folder, 'node_modules', '.posthorn-lock')

/** Installs what the benchmarks compare with, and links the built packages beside it. Nothing, when that was done. */
export async function setup() {
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8')
  if (!existsSync(installed) || readFileSync(installed, 'utf8') !== lock) {
    process.stderr.write('Installing what the benchmarks compare with\n')
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder })
    writeFileSync(installed, lock)
  }
  const scope = join(folder, 'node_modules', '@posthorn')
  mkdirSync(scope, { recursive: true })
  for (const name of ['schema', 'sender', 'receiver', 'sqlite', 'postgres']) {
    rmSync(join(scope, name), { force: true })
    symlinkSync(join(folder, '..', 'packages', name), join(scope, name), 'junction')
  }
}
