import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../..', import.meta.url))
const anyNode = (version: string) => ['npx', '-y', `node@${version}`]
const thisNode = [process.execPath]

interface Ended {
  readonly code: number | null
  readonly output: string
}

function run(
  line: readonly string[],
  { cwd = here, env = {} }: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  const [command = '', ...args] = line
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env } })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

const drivers = `${here}node_modules`

/** Node looks here for what its own folders lack, so that `openSqlite` finds what is installed apart. */
const withDrivers = { NODE_PATH: drivers }

let installing: Promise<Ended> | undefined

/** Once: it may compile for minutes. */
async function installDrivers(): Promise<void> {
  installing ??= run(['npm', 'ci'])
  const { code, output } = await installing
  expect(code, output).toBe(0)
}

describe('the contracts, from the built packages', () => {
  const contract = ['--test', '--test-reporter=tap', 'contract.mjs']

  async function keepsContracts(node: readonly string[], driver: string): Promise<void> {
    const env = { ...withDrivers, POSTHORN_DRIVER: driver }
    const { code, output } = await run([...node, ...contract], { env })
    expect(code, output.slice(-5_000)).toBe(0)
    const passed = Number(/^# pass (\d+)$/m.exec(output)?.[1])
    expect(passed).toBeGreaterThan(200)
    expect(output).toMatch(/^# fail 0$/m)
  }

  it('hold on better-sqlite3', async () => {
    await installDrivers()
    await keepsContracts(thisNode, 'better-sqlite3')
  })

  it.each(['22', '24', '26'])('hold on node:sqlite of Node %s', async (version) => {
    await keepsContracts(anyNode(version), 'node:sqlite')
  })
})

describe('the tests of e2e/sqlite', () => {
  const suite = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'e2e', 'e2e/sqlite']

  it('pass where openSqlite finds better-sqlite3', async () => {
    await installDrivers()
    const { code, output } = await run([...thisNode, ...suite], { cwd: root, env: withDrivers })
    expect(code, output.slice(-5_000)).toBe(0)
  })

  it('pass where openSqlite finds node:sqlite', async () => {
    const { code, output } = await run([...anyNode('24'), ...suite], { cwd: root })
    expect(code, output.slice(-5_000)).toBe(0)
  })
})
