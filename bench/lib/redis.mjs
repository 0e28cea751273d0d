import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { bundle } from './bundle.mjs'

const local = 'redis://127.0.0.1:6379'

/**
 * One server for a whole run: the one that `REDIS_URL` names; or one of our own, which writes its log to the disk every second; or the one that
 * runs on this machine.
 *
 * @returns undefined when there is none
 */
export async function startRedis() {
  const given = process.env.REDIS_URL
  if (given) return found(given)
  return (await startOwn()) ?? (await found(local).catch(() => undefined))
}

/** How it keeps what it is told decides how its figures compare. */
async function found(url) {
  const redis = await connect(url)
  const [, aof = 'unknown'] = await redis.config('GET', 'appendonly').catch(() => [])
  const [, sync = 'unknown'] = await redis.config('GET', 'appendfsync').catch(() => [])
  const version = /redis_version:(\S+)/.exec(await redis.info('server'))?.[1]
  redis.disconnect()
  const description = `Redis ${version}, found running: appendonly ${aof}, appendfsync ${sync}`
  return { url, description, stop: async () => {} }
}

async function startOwn() {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-redis-'))
  const { freePort } = await import(await bundle('e2e/lib/free-port.ts'))
  const port = await freePort()
  const options = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '']
  const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec']
  const child = spawn('redis-server', [...options, ...durable].map(String), { stdio: 'ignore' })
  const started = await once(child, 'spawn').then(
    () => true,
    () => false,
  )
  const remove = () => rmSync(folder, { recursive: true, force: true })
  if (!started) return void remove()
  process.on('exit', () => child.kill())
  const { url, description } = await found(`redis://127.0.0.1:${port}`)
  return {
    url,
    description: description.replace('found running', 'of its own'),
    async stop() {
      child.kill()
      await once(child, 'exit')
      remove()
    },
  }
}

/** CPU time that the server has used so far. */
export async function redisCpuMicros(redis) {
  const info = await redis.info('cpu')
  const fields = [
    'used_cpu_sys',
    'used_cpu_user',
    'used_cpu_sys_children',
    'used_cpu_user_children',
  ]
  const seconds = fields.map((name) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0))
  return seconds.reduce((sum, part) => sum + part, 0) * 1e6
}

/** Rejects when nobody answers within two seconds. */
async function connect(url) {
  for (let left = 20; ; left -= 1) {
    const redis = new Redis(url, { lazyConnect: true, retryStrategy: null })
    redis.on('error', () => {})
    try {
      await redis.connect()
      return redis
    } catch (error) {
      redis.disconnect()
      if (left === 0) throw error
      await sleep(100)
    }
  }
}
