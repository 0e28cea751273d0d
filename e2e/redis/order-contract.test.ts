import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver } from '@posthorn/receiver'
import { type OrderLaw, orderContract } from '@posthorn/receiver/testing'
import {
  fromIoredis,
  fromNodeRedis,
  type RedisLike,
  redisIdempotency,
  redisOrder,
} from '@posthorn/redis/receiver'
import { afterAll, describe, expect, it } from 'vitest'
import { openClients } from './clients'
import { findRedis } from './server'

const redis = await findRedis()

const nothingToMigrate = 'Redis has nothing to migrate'
const dropsItself = 'Redis drops keys itself'
const skip: Partial<Record<OrderLaw, string>> = {
  'migrate: before it, every call fails with store_not_migrated': nothingToMigrate,
  'migrate: may be repeated, and run concurrently': nothingToMigrate,
  'prune: drops keys that were not raised for so long, and counts them': dropsItself,
  'prune: drops at most its limit, and comes to an end': dropsItself,
  'prune: keeps what was raised since': dropsItself,
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

  describe('redisOrder', () => {
    const client = fromIoredis(io[0])
    const nameOf = (id: string) => `${run}order:7:billing:${id}`
    const key = (id: string) => ({ source: 'billing', key: id })

    it('keeps one key for each, for ever unless told', async () => {
      const store = redisOrder({ client, prefix: run })
      await store.advance(key('ever'), '1')
      expect(await io[0].get(nameOf('ever'))).toBe('1')
      expect(await io[0].pttl(nameOf('ever'))).toBe(-1)
    })

    it('forgets a key whose version was not raised for its retention, and no other', async () => {
      const store = redisOrder({ client, prefix: run, retention: '400ms' })
      for (const id of ['raised', 'refused']) await store.advance(key(id), '5')
      await sleep(250)
      expect(await store.advance(key('raised'), '6')).toBe(true)
      expect(await store.advance(key('refused'), '4')).toBe(false)
      await sleep(250)
      expect(await store.isNewer(key('raised'), '5')).toBe(false)
      expect(await store.advance(key('refused'), '1')).toBe(true)
    })

    it('is apart from the idempotency of the same prefix', async () => {
      await redisOrder({ client, prefix: run }).advance(key('both'), '1')
      const claims = redisIdempotency({ client, prefix: run })
      const claimed = await claims.claim({ source: 'billing', id: 'both' }, 'body', 60_000)
      expect(claimed.state).toBe('acquired')
    })

    it('takes its retention itself, and not the receiver’s', () => {
      const order = { store: redisOrder({ client }), key: () => 'k', version: () => 1 }
      const options = { secrets: `whsec_${btoa('q'.repeat(32))}`, idempotency: 'none' } as const
      expect(() => createReceiver({ ...options, order })).not.toThrow()
      const make = () => createReceiver({ ...options, order: { ...order, retention: '1d' } })
      expect(make).toThrow('tell the store')
      const nothing = () => redisOrder({ client, retention: '0s' })
      expect(nothing).toThrow(TypeError)
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
    const store = redisOrder({ client, prefix })
    prefixes.set(store, prefix)
    return store
  }
  orderContract({
    runner: { describe, it: it.concurrent },
    name: `Redis over ${name}, own clock, two connections`,
    clock: 'own',
    host: { kind: 'none' },
    create: () => open(first, `${run}${randomUUID()}:`),
    reopen: (store) => open(second, prefixes.get(store) ?? ''),
    skip,
  })
}
