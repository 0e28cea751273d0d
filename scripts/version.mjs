// Applies the pending changesets, and brings along what changesets does not know of.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pnpm, run } from './lib/setup.mjs'
import { listPackages, readJson, root } from './lib/workspace.mjs'

const changesets = join(root, 'node_modules', '@changesets', 'cli', 'bin.js')
const constant = join(root, 'packages', 'sender', 'src', 'lib', 'version.ts')

await run(process.execPath, [changesets, 'version'], { echo: true })
const { version } = readJson(join(root, 'packages', 'sender', 'package.json'))
rewrite(constant, (text) => text.replace(/'\d+\.\d+\.\d+'/, `'${version}'`))
for (const { dir } of listPackages()) {
  rewrite(join(dir, 'package.json'), (text) =>
    text.replace(/workspace:>=[\d.]+/g, `workspace:>=${version}`),
  )
}
await pnpm(['install', '--lockfile-only'], { echo: true })

function rewrite(file, change) {
  writeFileSync(file, change(readFileSync(file, 'utf8')))
}
