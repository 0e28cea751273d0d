import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { signTestRequest } from '@posthorn/receiver/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PackedPackage, packAll } from '../../../scripts/lib/pack.mjs'
import { freePort } from '../../lib/free-port'
import { findRedis } from '../../redis/server'

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url))
const secret = `whsec_${btoa('k'.repeat(32))}`
const event = {
  type: 'run.completed',
  timestamp: '2026-01-01T00:00:00.000Z',
  version: 1,
  data: { runId: 'r1', durationMs: 1 },
}

const redis = await findRedis()
let packages: readonly PackedPackage[] = []
let folder = ''

beforeAll(async () => {
  packages = await packAll('examples', ['@posthorn/schema', '@posthorn/receiver'])
  folder = mkdtempSync(join(tmpdir(), 'posthorn-examples-'))
}, 120_000)

const children: ChildProcess[] = []

afterAll(async () => {
  if (redis.url !== undefined) await redis.stop()
  for (const { pid } of children) if (pid !== undefined) killGroup(pid)
  rmSync(folder, { recursive: true, force: true })
})

/** As a user would install it, but for where our own packages come from. */
async function install(example: string): Promise<string> {
  const project = join(folder, example)
  cpSync(join(examples, example), project, { recursive: true })
  const path = join(project, 'package.json')
  const manifest = JSON.parse(readFileSync(path, 'utf8'))
  for (const { name, tarball } of packages) {
    if (name in manifest.dependencies) manifest.dependencies[name] = `file:${tarball}`
  }
  writeFileSync(path, JSON.stringify(manifest))
  await npm(project, 'install', '--no-audit', '--no-fund')
  return project
}

/** The user's own environment: what vitest set in ours would change what is built. */
const environment = Object.fromEntries(
  Object.entries({ ...process.env, CI: 'true', NEXT_TELEMETRY_DISABLED: '1' }).filter(
    ([name]) => name !== 'NODE_ENV' && !name.startsWith('VITEST'),
  ),
)

interface Spawned {
  readonly child: ChildProcess
  output(): string
}

function spawnNpm(project: string, args: readonly string[], env = {}): Spawned {
  const options = { cwd: project, env: { ...environment, ...env }, detached: true }
  const child = spawn('npm', args, options)
  children.push(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more
    })
  }
  return { child, output: () => text.slice(-4_000) }
}

async function npm(project: string, ...args: string[]): Promise<void> {
  const { child, output } = spawnNpm(project, args)
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect(code, output()).toBe(0)
}

/** Starts it by its own script, with the secret in its environment; answers where. */
async function start(project: string, env = {}): Promise<string> {
  const port = await freePort()
  const url = `http://localhost:${port}`
  const settings = { PORT: String(port), WEBHOOK_SECRET: secret, ...env }
  const { output } = spawnNpm(project, ['start'], settings)
  const deadline = Date.now() + 60_000
  for (;;) {
    const up = await fetch(`${url}/`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (up) return url
    if (Date.now() > deadline) throw new Error(`${project} does not answer: ${output()}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

async function post(url: string, id: string, mutate = false): Promise<unknown> {
  const request = await signTestRequest({ ...event, id }, { secret })
  const body = mutate ? new TextEncoder().encode('{}') : request.body
  const response = await fetch(url, { method: 'POST', headers: request.headers, body })
  return [response.status, await response.json()]
}

async function answers(url: string, id: string): Promise<void> {
  expect(await post(url, id)).toEqual([200, { code: 'handled' }])
  expect(await post(url, id)).toEqual([200, { code: 'duplicate' }])
  expect(await post(url, id, true)).toEqual([401, { code: 'signature_mismatch' }])
}

describe('each example, installed as a user would', () => {
  it.each(['express', 'fastify', 'hono'])(
    '%s: its tests and types pass, and it serves',
    async (example) => {
      const project = await install(example)
      await npm(project, 'test')
      await npm(project, 'run', 'typecheck')
      const url = await start(project)
      await answers(`${url}/webhooks`, `msg_${example}`)
    },
  )

  it('next: its tests and types pass, it builds without the secret, and both routers serve', async () => {
    const project = await install('next')
    await npm(project, 'test')
    await npm(project, 'run', 'build')
    await npm(project, 'run', 'typecheck')
    const url = await start(project)
    await answers(`${url}/webhooks/acme`, 'msg_app')
    await answers(`${url}/api/webhooks`, 'msg_pages')
  })

  it.skipIf(redis.url === undefined)(
    'bullmq: its tests and types pass, and a webhook becomes one job, which its handler gets',
    async () => {
      const project = await install('bullmq')
      await npm(project, 'test')
      await npm(project, 'run', 'typecheck')
      const queue = { REDIS_URL: redis.url, QUEUE: `webhooks-${randomUUID()}` }
      const url = await start(project, queue)
      expect(await post(`${url}/webhooks`, 'msg_1')).toEqual([202, { code: 'accepted' }])
      expect(await post(`${url}/webhooks`, 'msg_1')).toEqual([202, { code: 'accepted' }])
      expect(await post(`${url}/webhooks`, 'msg_2')).toEqual([202, { code: 'accepted' }])
      expect(await post(`${url}/webhooks`, 'msg_3', true)).toEqual([
        401,
        { code: 'signature_mismatch' },
      ])
      const completed = async () => (await fetch(`${url}/completed`)).json()
      await expect.poll(completed, { timeout: 10_000 }).toEqual(['r1', 'r1'])
    },
  )
})
