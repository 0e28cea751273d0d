import { randomUUID } from 'node:crypto'
import { type IdempotencyLaw, idempotencyContract } from '@posthorn/receiver/testing'
import {
  fromIoredis,
  fromNodeRedis,
  type RedisLike,
  redisIdempotency,
} from '@posthorn/redis/receiver'
import { afterAll, describe, expect, it } from 'vitest'
import { openClients } from './clients'
import { findRedis } from './server'

const redis = await findRedis()

const nothingToMigrate = 'Redis has nothing to migrate'
const dropsItself = 'Redis drops keys itself'
const skip: Partial<Record<IdempotencyLaw, string>> = {
  'migrate: before it, every call fails with store_not_migrated': nothingToMigrate,
  'migrate: may be repeated, and run concurrently': nothingToMigrate,
  'prune: drops records whose lifetime is over, and counts them': dropsItself,
  'prune: drops at most its limit, and comes to an end': dropsItself,
  'prune: never drops a remembered record': dropsItself,
  'prune: never drops a live claim': dropsItself,
  'prune: leaves a claim whose lease just ran out to its handler': dropsItself,
  'prune: drops a claim whose lease ran out a day ago': dropsItself,
}

if (redis.url === undefined) describe.skip(`Redis (skipped: ${redis.reason})`, () => {})
else testOn(redis.url)

afterAll(async () => {
  if (redis.url !== undefined) await redis.stop()
})

function testOn(url: string): void {
  const { run, io, node, connected } = openClients(url)
  contract('ioredis', io.map(fromIoredis), run)
  contract('node-redis', node.map(fromNodeRedis), run, connected)

  describe('Redis', () => {
    const store = redisIdempotency({ client: fromIoredis(io[0]), prefix: run })
    const key = (id: string) => ({ source: 'billing', id })
    const nameOf = (id: string) => `${run}7:billing:${id}`

    it('runs scripts that it does not know yet', async () => {
      await io[0].script('FLUSH')
      const claimed = await store.claim(key('unknown'), 'body', 60_000)
      expect(claimed.state).toBe('acquired')
    })

    it('keeps one key for each message: a claim for a day after its lease, a record for its life', async () => {
      const claimed = await store.claim(key('ttl'), 'body', 60_000)
      if (claimed.state !== 'acquired') throw new TypeError('not acquired')
      const ttl = () => io[0].pttl(nameOf('ttl'))
      expect(await ttl()).toBeGreaterThan(86_400_000 + 55_000)
      expect(await ttl()).toBeLessThanOrEqual(86_400_000 + 60_000)
      expect(await store.complete({ ...key('ttl'), token: claimed.token }, 7 * 86_400_000)).toBe(
        true,
      )
      expect(await ttl()).toBeGreaterThan(7 * 86_400_000 - 5_000)
      expect(await ttl()).toBeLessThanOrEqual(7 * 86_400_000)
      expect(await io[0].hgetall(nameOf('ttl'))).toEqual({ fingerprint: 'body' })
      expect(await io[0].keys(`${run}*ttl*`)).toHaveLength(1)
    })
  })
}

function contract(
  name: string,
  clients: readonly RedisLike[],
  run: string,
  ready: Promise<unknown> = Promise.resolve(),
): void {
  const [first, second] = clients
  const prefixes = new WeakMap<object, string>()
  const open = async (client: RedisLike | undefined, prefix: string) => {
    await ready
    if (!client) throw new TypeError('no client')
    const store = redisIdempotency({ client, prefix })
    prefixes.set(store, prefix)
    return store
  }
  idempotencyContract({
    runner: { describe, it: it.concurrent },
    name: `Redis over ${name}, own clock, two connections`,
    clock: 'own',
    host: 'none',
    create: () => open(first, `${run}${randomUUID()}:`),
    reopen: (store) => open(second, prefixes.get(store) ?? ''),
    skip,
  })
}
