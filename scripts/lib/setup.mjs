import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { buildOrder, digest, filesUnder, listPackages, readJson, root } from './workspace.mjs'

const stamps = join(root, '.tmp', 'setup')
const lock = join(stamps, 'lock')

/** Installs and builds what is missing or out of date; says nothing when there is nothing to do. */
export async function setup() {
  mkdirSync(stamps, { recursive: true })
  await takeLock()
  try {
    await install()
    await build()
  } finally {
    rmSync(lock, { force: true })
  }
}

/** Runs a command and resolves to its output; rejects with that output when it fails. */
export function run(command, args, { cwd = root, env = process.env, echo = false } = {}) {
  return new Promise((resolve, reject) => {
    // npm and npx are `.cmd` files on Windows, which only a shell can start.
    const shell = process.platform === 'win32' && command !== process.execPath
    const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const take = (stream) => (chunk) => {
      output += chunk
      if (echo) stream.write(chunk)
    }
    child.stdout.setEncoding('utf8').on('data', take(process.stdout))
    child.stderr.setEncoding('utf8').on('data', take(process.stderr))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(output)
      const line = [command, ...args].join(' ')
      reject(new Error(`\`${line}\` ended with ${signal ?? code}\n${output.trim()}`))
    })
  })
}

/** Runs the pinned pnpm, without it being installed on the machine. */
export function pnpm(args, options) {
  const { packageManager } = readJson(join(root, 'package.json'))
  return run('npx', ['--yes', packageManager, ...args], options)
}

// Nobody is there to answer a question about an outdated node_modules.
const installArgs = ['install', '--frozen-lockfile', '--config.confirmModulesPurge=false']

async function install() {
  const manifests = listPackages().map(({ dir }) => join(dir, 'package.json'))
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...examples()]
  const wanted = digest([...files.map((name) => join(root, name)), ...manifests])
  if (readStamp('install') === wanted && existsSync(join(root, 'node_modules', '.pnpm'))) return
  await step('Installing the dependencies', () => pnpm(installArgs))
  writeStamp('install', wanted)
}

function examples() {
  return filesUnder(join(root, 'examples'))
    .filter((file) => file.endsWith('package.json'))
    .map((file) => file.slice(root.length + 1))
}

async function build() {
  const shared = ['tsup.base.ts', 'tsconfig.base.json', 'pnpm-lock.yaml']
  const digests = new Map()
  for (const group of buildOrder(listPackages())) {
    const stale = group.filter((pkg) => {
      const own = filesUnder(pkg.dir).filter((file) => !file.endsWith('.test.ts'))
      const needs = pkg.needs.map((name) => digests.get(name))
      digests.set(pkg.name, digest([...shared.map((name) => join(root, name)), ...own], ...needs))
      return readStamp(pkg.name) !== digests.get(pkg.name) || !existsSync(join(pkg.dir, 'dist'))
    })
    if (stale.length === 0) continue
    await step(`Building ${stale.map(({ name }) => name).join(', ')}`, () =>
      Promise.all(stale.map((pkg) => buildPackage(pkg, digests.get(pkg.name)))),
    )
  }
}

async function buildPackage({ dir, name }, wanted) {
  const tsup = join(root, 'node_modules', 'tsup', 'dist', 'cli-default.js')
  await run(process.execPath, [tsup, '--silent'], { cwd: dir }).catch((cause) => {
    throw new Error(`${name} does not build: ${cause.message}`, { cause })
  })
  writeStamp(name, wanted)
}

async function step(title, work) {
  const start = Date.now()
  process.stderr.write(`${title} … `)
  try {
    await work()
    process.stderr.write(`${((Date.now() - start) / 1000).toFixed(1)} s\n`)
  } catch (error) {
    process.stderr.write('failed\n')
    throw error
  }
}

const stampFile = (name) => join(stamps, name.replace('/', '+'))

function readStamp(name) {
  return existsSync(stampFile(name)) ? readFileSync(stampFile(name), 'utf8') : undefined
}

function writeStamp(name, value) {
  mkdirSync(stamps, { recursive: true })
  writeFileSync(stampFile(name), value)
}

/** Two commands started at once must not build into the same folder. */
async function takeLock() {
  for (let tries = 0; ; tries += 1) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (isAbandoned()) rmSync(lock, { force: true })
    else {
      if (tries === 0) process.stderr.write('Waiting for another command to finish its set-up\n')
      await sleep(200)
    }
  }
}

function isAbandoned() {
  try {
    if (Date.now() - statSync(lock).mtimeMs > 600_000) return true
    process.kill(Number(readFileSync(lock, 'utf8')), 0)
    return false
  } catch (error) {
    return error.code !== 'EPERM'
  }
}
