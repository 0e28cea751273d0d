import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { setup } from './setup.mjs'
import { readJson, root } from './workspace.mjs'

export async function main(args) {
  try {
    await setup()
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
    return
  }
  const [flag, folder, ...afterFlag] = args
  const inFolder = flag === '--cwd'
  const [command, ...rest] = inFolder ? afterFlag : args
  if (command !== undefined) start(command, rest, inFolder ? resolve(root, folder) : root)
}

function start(command, args, cwd) {
  const script = binScript(command)
  const bin = join(root, 'node_modules', '.bin')
  const child = spawn(process.execPath, script === undefined ? args : [script, ...args], {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
  })
  const forward = (signal) => child.kill(signal)
  const wait = () => {}
  // A terminal sends Ctrl-C to the child as well; it decides how to stop.
  process.on('SIGINT', wait).on('SIGTERM', forward)
  child.on('close', (code, signal) => {
    process.removeListener('SIGINT', wait).removeListener('SIGTERM', forward)
    if (signal === null) process.exitCode = code
    else process.kill(process.pid, signal)
  })
}

/** The JavaScript file behind an installed command; `undefined` for `node` itself. */
function binScript(command) {
  if (command === 'node') return undefined
  const dir = join(root, 'node_modules', command)
  if (!existsSync(dir)) throw new Error(`${command} is not a dependency of this workspace`)
  const { bin } = readJson(join(dir, 'package.json'))
  return join(dir, typeof bin === 'string' ? bin : bin[command])
}
