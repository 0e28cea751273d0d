import { type PgClientLike, postgresStore } from '@posthorn/postgres/sender'
import { createSender } from '@posthorn/sender'
import { recordingTransport } from '@posthorn/sender/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { openClient, openPool } from './connections'
import { startDatabase } from './own-database'
import type { Server } from './server'

let server: Server
let pool: pg.Pool

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url, { max: 6 })
  await pool.query('CREATE TABLE orders (id text PRIMARY KEY)')
}, 60_000)

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

let schemas = 0

/** A sender that is started, with one endpoint for everything. */
async function startSender() {
  schemas += 1
  const store = postgresStore({ client: pool, schema: `host_${schemas}` })
  const transport = recordingTransport()
  const sender = createSender({ store, transport, worker: { pollInterval: '10s' } })
  await sender.migrate()
  await sender.endpoints.create({ url: 'https://example.com/hooks', eventTypes: ['*'] })
  sender.start()
  return { sender, transport, store, ids: () => transport.requests.map(idOf) }
}

const idOf = ({ headers }: { headers: Readonly<Record<string, string>> }) => headers['webhook-id']
const placed = (id: string) => ({ type: 'order.placed', data: {}, id })
const insert = (tx: PgClientLike, id: string) =>
  tx.query('INSERT INTO orders (id) VALUES ($1)', [id])
const orders = async () =>
  (await pool.query('SELECT id FROM orders ORDER BY id')).rows.map(({ id }) => id)

describe("the host's transaction", () => {
  it('delivers what was committed with the host’s row, soon after the commit', async () => {
    const { sender, ids } = await startSender()
    const answer = await sender.transaction(async (tx) => {
      expectTypeOf(tx).toEqualTypeOf<PgClientLike>()
      await insert(tx, 'committed')
      const sent = await sender.send(placed('evt_committed'), { tx })
      expect(await sender.events.list()).toEqual({ items: [] })
      return sent
    })
    expect(answer).toEqual({ eventId: 'evt_committed', deliveries: 1, duplicate: false })
    await vi.waitFor(() => expect(ids()).toEqual(['evt_committed']), { timeout: 2_000 })
    expect(await orders()).toContain('committed')
    await sender.stop()
  })

  it('never sends what was rolled back, and answers the error of the host', async () => {
    const { sender, ids, store } = await startSender()
    const boom = new Error('boom')
    const failing = sender.transaction(async (tx) => {
      await insert(tx, 'rolled_back')
      await sender.send(placed('evt_rolled_back'), { tx })
      throw boom
    })
    await expect(failing).rejects.toBe(boom)
    await sender.send(placed('evt_after'))
    await vi.waitFor(() => expect(ids()).toEqual(['evt_after']), { timeout: 2_000 })
    expect(await store.log.event('default', 'evt_rolled_back')).toBeUndefined()
    expect(await orders()).not.toContain('rolled_back')
    await sender.stop()
  })

  it('rolls back when the host hid the failure of a statement', async () => {
    const { sender, store } = await startSender()
    const hiding = sender.transaction(async (tx) => {
      await sender.send(placed('evt_hidden'), { tx })
      await Promise.resolve(tx.query('SELECT 1 / 0')).catch(() => {})
    })
    await expect(hiding).rejects.toMatchObject({ code: 'store_failed' })
    expect(await store.log.event('default', 'evt_hidden')).toBeUndefined()
    await sender.stop()
  })

  it('takes a client of the host’s own: sent once it commits and says so', async () => {
    const { sender, ids } = await startSender()
    const client = openClient(server.url)
    await client.connect()
    await client.query('BEGIN')
    await client.query("INSERT INTO orders (id) VALUES ('own')")
    await sender.sendMany([placed('evt_own_1'), placed('evt_own_2')], { tx: client })
    await client.query('COMMIT')
    sender.wake()
    await vi.waitFor(() => expect(ids()).toEqual(['evt_own_1', 'evt_own_2']), { timeout: 2_000 })
    await client.end()
    await sender.stop()
  })

  it('rejects when its connection is lost between two statements, and the process goes on', async () => {
    // As a host has it: what becomes of a connection that is lent out, this pool does not hear.
    const settings = { connectionString: server.url, max: 1, application_name: 'lent' }
    const own = new pg.Pool(settings).on('error', () => {})
    const ends = vi.fn()
    own.once('connect', (connection) => connection.once('end', ends))
    const sender = createSender({ store: postgresStore({ client: own }) })
    const lost = sender.transaction(async () => {
      await pool.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lent'",
      )
      await vi.waitFor(() => expect(ends).toHaveBeenCalled(), { timeout: 5_000 })
    })
    await expect(lost).rejects.toMatchObject({ code: 'store_busy' })
    expect(await sender.transaction(async () => 'again')).toBe('again')
    await own.end()
  })

  it('is left whole by an event that is the caller’s mistake', async () => {
    const { sender, ids } = await startSender()
    await sender.transaction(async (tx) => {
      await expect(sender.send({ type: 'no such type!', data: {} }, { tx })).rejects.toMatchObject({
        code: 'unknown_event_type',
      })
      await sender.send(placed('evt_good'), { tx })
    })
    await vi.waitFor(() => expect(ids()).toEqual(['evt_good']), { timeout: 2_000 })
    await sender.stop()
  })

  it('gives every connection back to the pool', async () => {
    const { sender } = await startSender()
    const many = Array.from({ length: 20 }, (_, count) =>
      sender.transaction(async (tx) => {
        await sender.send(placed(`evt_many_${count}`), { tx })
        if (count % 2) throw new Error('odd')
      }),
    )
    await Promise.allSettled(many)
    await sender.stop()
    expect(pool.idleCount).toBe(pool.totalCount)
  })

  it('refuses at compile time what is no client of Postgres', async () => {
    const { sender } = await startSender()
    // @ts-expect-error: a string has no query
    await expect(sender.send(placed('evt_typed'), { tx: 'BEGIN' })).rejects.toThrow()
    await sender.stop()
  })
})
