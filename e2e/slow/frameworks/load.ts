import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const installed = createRequire(`${here}package.json`)

/** Frameworks are installed apart, from the lockfile beside this file, so that the workspace stays light. */
export function installFrameworks(): void {
  if (existsSync(`${here}node_modules/.package-lock.json`)) return
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' })
}

/** What `require(name)` gives, as the part of it that a test uses. */
export function load<Module>(name: string): Module {
  return installed(name)
}
