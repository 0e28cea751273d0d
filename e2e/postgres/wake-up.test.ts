import { setTimeout as sleep } from 'node:timers/promises'
import { postgresStore } from '@posthorn/postgres/sender'
import { createSender } from '@posthorn/sender'
import { recordingTransport } from '@posthorn/sender/testing'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { newEvent } from '../sqlite/fixtures'
import { openClient, openPool } from './connections'
import { startDatabase } from './own-database'
import type { Server } from './server'

let server: Server
let pools: readonly pg.Pool[] = []

beforeAll(async () => {
  server = await startDatabase()
  pools = [1, 2].map(() => openPool(server.url, { max: 4 }))
}, 60_000)

afterAll(async () => {
  for (const pool of pools) await pool.end()
  await server?.stop()
})

const listeners = `SELECT pid FROM pg_stat_activity WHERE application_name = 'listening' AND query LIKE 'LISTEN%' AND state = 'idle'`

/** A worker that polls every 10 s, and a sender of another process that never started. */
async function startTwo(schema: string) {
  const [first, second] = pools
  if (!first || !second) throw new TypeError('no pools')
  const listen = () => openClient(server.url, { application_name: 'listening' })
  const transport = recordingTransport()
  const worker = createSender({
    store: postgresStore({ client: first, schema, listen }),
    transport,
    worker: { pollInterval: '10s' },
  })
  await worker.migrate()
  await worker.endpoints.create({ url: 'https://example.com/hooks', eventTypes: ['*'] })
  const other = createSender({ store: postgresStore({ client: second, schema, listen }) })
  worker.start()
  const listening = async () => {
    const { rows } = await second.query(listeners)
    return rows.map(({ pid }) => pid)
  }
  await vi.waitFor(async () => expect(await listening()).toHaveLength(1), { timeout: 5_000 })
  await sleep(50)
  return {
    transport,
    other,
    pool: second,
    listening,
    async stop() {
      await Promise.all([worker.stop(), other.stop()])
      await vi.waitFor(async () => expect(await listening()).toEqual([]), { timeout: 5_000 })
    },
  }
}

type Two = Awaited<ReturnType<typeof startTwo>>

const placed = { type: 'order.placed', data: {} }

/** The quickest of five, in milliseconds: other tests use this machine meanwhile. */
async function quickest({ transport }: Two, send: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < 5; count += 1) {
    const wanted = transport.requests.length + 1
    await send()
    const start = performance.now()
    await vi.waitFor(() => expect(transport.requests).toHaveLength(wanted), {
      timeout: 9_000,
      interval: 2,
    })
    times.push(performance.now() - start)
  }
  return Math.min(...times)
}

describe('a send of another process', () => {
  it('wakes a worker within 200 ms that polls every 10 s', async () => {
    const two = await startTwo('woken')
    expect(await quickest(two, () => two.other.send(placed))).toBeLessThan(200)
    const inTransaction = () => two.other.transaction((tx) => two.other.send(placed, { tx }))
    expect(await quickest(two, inTransaction)).toBeLessThan(200)
    await two.stop()
  })

  it('wakes it from plain SQL, when the transaction says so', async () => {
    const two = await startTwo('from_sql')
    const send = `SELECT from_sql.send('default', 'order.placed', '{}'), from_sql.wake()`
    expect(await quickest(two, () => two.pool.query(send))).toBeLessThan(200)
    await two.stop()
  })

  it('wakes it again after the listening connection was lost, and is not missed meanwhile', async () => {
    const two = await startTwo('lost')
    const [pid] = await two.listening()
    await two.pool.query('SELECT pg_terminate_backend($1)', [pid])
    await two.other.send(placed)
    await vi.waitFor(() => expect(two.transport.requests).toHaveLength(1), { timeout: 3_000 })
    expect(await two.listening()).not.toContain(pid)
    expect(await quickest(two, () => two.other.send(placed))).toBeLessThan(200)
    await two.stop()
  })

  it('tells in one notification of many events, and never in the statement that writes them', async () => {
    const [pool] = pools
    if (!pool) throw new TypeError('no pool')
    const statements: string[] = []
    const store = postgresStore({
      client: {
        query(text, values) {
          statements.push(text)
          return pool.query(text, values)
        },
      },
      schema: 'many_events',
      listen: () => openClient(server.url),
    })
    await store.migrate()
    statements.length = 0
    const start = performance.now()
    for (let count = 0; count < 200; count += 1) await store.deliveries.insert([newEvent()])
    const took = performance.now() - start
    const hints = statements.filter((text) => text.includes('pg_notify'))
    expect(hints.length).toBeLessThanOrEqual(took / 5 + 2)
    expect(hints.filter((text) => text.includes('insert_events'))).toEqual([])
    await sleep(20)
  })

  it('is found by polling where nothing listens', async () => {
    const [pool] = pools
    if (!pool) throw new TypeError('no pool')
    const store = postgresStore({ client: pool, schema: 'polled' })
    expect(store.deliveries.subscribe).toBeUndefined()
  })
})
