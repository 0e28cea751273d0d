import {
  fromIoredis,
  fromNodeRedis,
  type RedisLike,
  redisIdempotency,
} from '@posthorn/redis/receiver'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, describe, expect, it } from 'vitest'
import { startRedis } from './server'

const server = await startRedis()
if (!server && process.env.CI) throw new Error('The Redis tests need redis-server on PATH')

const noServer = 'redis://127.0.0.1:1'
const key = { source: 'billing', id: 'msg_1' }
const claim = (client: RedisLike) => redisIdempotency({ client }).claim(key, 'body', 60_000)
const code = (name: string) => expect.objectContaining({ name: 'WebhookError', code: name })

/** Gives up at once, so that the tests need not wait for reconnections. */
function ioredis(url: string) {
  const client = new Redis(url, { maxRetriesPerRequest: 0, retryStrategy: () => null })
  client.on('error', () => {})
  return client
}

function nodeRedis(url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => {})
  return client
}

describe('a Redis that is not there is store_busy', () => {
  it('for ioredis', async () => {
    await expect(claim(fromIoredis(ioredis(noServer)))).rejects.toEqual(code('store_busy'))
  })

  it('for node-redis', async () => {
    const client = nodeRedis(noServer)
    await expect(claim(fromNodeRedis(client))).rejects.toEqual(code('store_busy'))
    await client.connect().catch(() => {})
    await expect(claim(fromNodeRedis(client))).rejects.toEqual(code('store_busy'))
  })
})

describe.skipIf(!server)('a Redis that cannot serve', () => {
  const url = server?.url ?? ''
  const io = ioredis(url)
  const node = nodeRedis(url)

  afterAll(async () => {
    io.disconnect()
    if (node.isOpen) node.destroy()
    await server?.stop()
  })

  it('is store_failed where the key is something else, with the cause', async () => {
    await io.set('posthorn:7:billing:msg_1', 'a string')
    await expect(claim(fromIoredis(io))).rejects.toMatchObject({
      code: 'store_failed',
      cause: { message: expect.stringContaining('WRONGTYPE') },
    })
    await io.flushall()
  })

  it('is store_busy while it is a replica, over either client', async () => {
    await node.connect()
    await io.call('REPLICAOF', '127.0.0.1', '1')
    await expect(claim(fromIoredis(io))).rejects.toEqual(code('store_busy'))
    await expect(claim(fromNodeRedis(node))).rejects.toEqual(code('store_busy'))
    await io.call('REPLICAOF', 'NO', 'ONE')
    expect((await claim(fromIoredis(io))).state).toBe('acquired')
  })

  it('is store_failed when its memory is full: raise it', async () => {
    await io.call('CONFIG', 'SET', 'maxmemory', '1')
    const result = redisIdempotency({ client: fromIoredis(io) }).claim({ ...key, id: 'm2' }, 'b', 1)
    await expect(result).rejects.toEqual(code('store_failed'))
    await io.call('CONFIG', 'SET', 'maxmemory', '0')
  })

  it('is store_busy when it goes away in between, over either client', async () => {
    await server?.stop()
    await expect(claim(fromIoredis(io))).rejects.toEqual(code('store_busy'))
    await expect(claim(fromNodeRedis(node))).rejects.toEqual(code('store_busy'))
  })
})
