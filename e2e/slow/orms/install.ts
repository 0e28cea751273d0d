import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Installed apart, from the lockfile beside this file, so that the workspace stays light. */
export function installLibraries(): void {
  if (!existsSync(`${here}node_modules/.package-lock.json`))
    // Without scripts: they download engines that no test uses.
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])
  if (!existsSync(`${here}node_modules/.generated-prisma`)) generatePrisma()
}

/** The client is JavaScript and WebAssembly; the engine that would be downloaded is for migrations alone, so any program stands for it. */
function generatePrisma(): void {
  const prisma = `${here}node_modules/prisma/build/index.js`
  run(process.execPath, [prisma, 'generate', '--schema', 'prisma/schema.prisma'], {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    CHECKPOINT_DISABLE: '1',
  })
}

/** Type-checks how the real libraries' transactions are handed over; answers what is wrong. */
export function typeProblems(): string {
  const tsc = `${here}../../../node_modules/typescript/bin/tsc`
  try {
    run(process.execPath, [tsc, '-p', 'tsconfig.json'])
    return ''
  } catch (error) {
    return error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error)
  }
}

function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): void {
  execFileSync(command, args, { cwd: here, env: { ...process.env, ...env } })
}
