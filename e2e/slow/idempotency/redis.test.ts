import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, expect, it } from 'vitest'
import { findRedis } from '../../redis/server'
import { notOnce, storm } from './storm'

const redis = await findRedis()
const prefix = `posthorn-storm:${randomUUID()}:`

afterAll(async () => {
  if (redis.url === undefined) return
  const client = new Redis(redis.url).on('error', () => {})
  const keys = await client.keys(`${prefix}*`)
  if (keys.length > 0) await client.del(...keys)
  client.disconnect()
  await redis.stop()
})

it.skipIf(redis.url === undefined)(
  'on Redis, 4 processes run every handler exactly once, and none answers 2xx too early',
  async () => {
    const result = await storm({ store: { kind: 'redis', url: redis.url, prefix } })
    console.log({ store: 'redis', statuses: result.statuses })
    expect(notOnce(result.began)).toEqual([])
    expect(notOnce(result.ended)).toEqual([])
    expect(result.premature).toEqual([])
  },
)
