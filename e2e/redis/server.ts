import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../lib/free-port'

/** A Redis to test on, or why there is none. */
export type RedisForTests =
  | { readonly url: string; stop(): Promise<void> }
  | { readonly url: undefined; readonly reason: string }

const DEFAULT_URL = 'redis://127.0.0.1:6379'
const PATIENCE_MS = 10_000

/**
 * `REDIS_URL`, the machine's own on its usual port, or a `redis-server` started here. Where `CI` is set there has to be one.
 */
export async function findRedis(): Promise<RedisForTests> {
  const given = process.env.REDIS_URL
  for (const url of given ? [given] : [DEFAULT_URL]) {
    if (await answers(url)) return { url, stop: async () => {} }
  }
  const started = given ? undefined : await startRedis()
  if (started) return started
  const reason = given
    ? `no Redis answers at REDIS_URL`
    : 'no REDIS_URL, no Redis at 127.0.0.1:6379, no redis-server on PATH'
  if (process.env.CI) throw new Error(`The Redis tests cannot run: ${reason}`)
  console.warn(`Redis tests skipped: ${reason}`)
  return { url: undefined, reason }
}

/** One of our own, on a free port, in memory; undefined without a `redis-server`. */
export async function startRedis() {
  if (spawnSync('redis-server', ['--version']).error) return undefined
  const port = await freePort()
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', '/tmp']
  const child = spawn('redis-server', options, { stdio: 'ignore' })
  const url = `redis://127.0.0.1:${port}`
  for (let left = PATIENCE_MS; left > 0; left -= 50) {
    if (await answers(url)) return { url, port, stop: () => stop(child) }
    await sleep(50)
  }
  await stop(child)
  throw new Error('redis-server did not start')
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** Whether something that speaks Redis is there; one that asks for a password counts. */
function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect(Number(port || 6379), hostname)
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(1_000, () => end(false))
    socket.once('error', () => end(false))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('data', (data) => end(/^(\+PONG|-NOAUTH)/.test(data.toString())))
  })
}
