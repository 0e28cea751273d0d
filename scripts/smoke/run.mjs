// Installs the packed packages into an empty project and uses them as a stranger would:
// by import, by require and from Jest; on this Node and on the newer lines; and as types.
import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packAll } from '../lib/pack.mjs'
import { run } from '../lib/setup.mjs'
import { readJson, root } from '../lib/workspace.mjs'

const otherNodes = ['22', '24', '26']
const project = fileURLToPath(new URL('./project', import.meta.url))
const here = mkdtempSync(join(tmpdir(), 'posthorn-consumer-'))

let failures = 0
try {
  await step('install', install)
  await step('types', checkTypes)
  await step('formats', () => node('formats.mjs'))
  await step('without zod', withoutZod)
  await step('without Node', () => node('web.mjs', '--conditions=workerd'))
  await runOn(process.versions.node, () => process.execPath)
  await step('jest, require', () => jest('cjs.test.cjs'))
  await step('jest, import', () => jest('esm.test.mjs', '--experimental-vm-modules'))
  for (const version of otherNodes) await runOn(version, () => otherNode(version))
} finally {
  rmSync(here, { recursive: true, force: true })
}
if (failures > 0) process.exitCode = 1

async function step(name, work) {
  const start = Date.now()
  const verdict = await work().then(
    () => 'ok    ',
    (error) => {
      failures += 1
      return `failed ${error.message}\n      `
    },
  )
  console.log(`${verdict} ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`)
}

async function install() {
  const packages = await packAll('smoke')
  const { devDependencies } = readJson(join(root, 'package.json'))
  const local = packages.map(({ name, tarball }) => [name, `file:${tarball}`])
  const others = [
    '@types/express',
    '@types/node',
    'express',
    'fastify',
    'libsql',
    'typescript',
    'zod',
  ].map((name) => [name, devDependencies[name]])
  const dependencies = { ...Object.fromEntries([...local, ...others]), jest: '^30.5.0' }
  cpSync(project, here, { recursive: true })
  write('package.json', {
    name: 'consumer',
    private: true,
    dependencies,
    jest: {
      testMatch: ['**/*.test.*'],
      transform: {},
      moduleFileExtensions: ['js', 'cjs', 'mjs', 'json', 'node'],
    },
  })
  await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: here })
}

/** As an ESM and as a CommonJS project, under the resolution of Node and of bundlers, with the declarations themselves checked. */
async function checkTypes() {
  for (const [folder, type, module, moduleResolution] of [
    ['node-esm', 'module', 'nodenext', 'nodenext'],
    ['node-cjs', 'commonjs', 'node16', 'node16'],
    ['bundler', 'module', 'esnext', 'bundler'],
  ]) {
    mkdirSync(join(here, folder))
    cpSync(join(here, 'types'), join(here, folder), { recursive: true })
    write(join(folder, 'package.json'), { type })
    write(join(folder, 'tsconfig.json'), {
      compilerOptions: {
        module,
        moduleResolution,
        target: 'es2022',
        lib: ['es2023'],
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: module === 'nodenext',
        esModuleInterop: true,
        noEmit: true,
        skipLibCheck: false,
      },
    })
    const tsc = join(here, 'node_modules', 'typescript', 'bin', 'tsc')
    await run(process.execPath, [tsc, '-p', folder], { cwd: here })
  }
}

async function withoutZod() {
  const zod = join(here, 'node_modules', 'zod')
  renameSync(zod, `${zod}-away`)
  try {
    await node('without-zod.mjs')
  } finally {
    renameSync(`${zod}-away`, zod)
  }
}

async function runOn(version, binary) {
  for (const [how, file] of [
    ['import', 'run-esm.mjs'],
    ['require', 'run-cjs.cjs'],
  ]) {
    await step(`Node ${version}, ${how}`, async () => run(await binary(), [file], { cwd: here }))
  }
}

/** The `node` package of npm brings the binary of that version. */
async function otherNode(version) {
  const print = ['-p', 'process.execPath']
  const output = await run('npx', ['--yes', `node@${version}`, ...print], { cwd: here })
  return output
    .trim()
    .split('\n')
    .findLast((line) => line.includes('node_modules'))
}

function node(file, ...flags) {
  return run(process.execPath, [...flags, file], { cwd: here })
}

function jest(file, ...flags) {
  const bin = join(here, 'node_modules', 'jest', 'bin', 'jest.js')
  return run(process.execPath, [...flags, bin, file], { cwd: here })
}

function write(path, value) {
  writeFileSync(join(here, path), `${JSON.stringify(value, null, 2)}\n`)
}
