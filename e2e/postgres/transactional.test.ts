import { postgresIdempotency, postgresInserting, postgresOrder } from '@posthorn/postgres/receiver'
import { createReceiver } from '@posthorn/receiver'
import { signTestRequest } from '@posthorn/receiver/testing'
import type { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openPool } from './connections'
import { startDatabase } from './own-database'
import type { Server } from './server'

const secret = `whsec_${btoa('p'.repeat(32))}`
const logger = { debug() {}, info() {}, warn() {}, error() {} }

let server: Server | undefined
let pool: Pool

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url, { max: 4 })
  await postgresIdempotency({ client: pool }).migrate()
  await pool.query('CREATE TABLE effects (id text NOT NULL)')
  // The table of B3OS's documentation, as people have it.
  await pool.query(
    'CREATE TABLE webhook_events (event_id text primary key, received_at timestamptz default now(), payload jsonb)',
  )
}, 60_000)

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

beforeEach(async () => {
  await pool.query('TRUNCATE effects, webhook_events, posthorn.claims')
})

const INSERT = 'INSERT INTO effects (id) VALUES ($1)'
const effects = async () => (await pool.query('SELECT id FROM effects ORDER BY id')).rows
const signed = (id: string, data: unknown = {}) =>
  signTestRequest({ id, type: 'order.paid', timestamp: '2026-01-31T12:00:00Z', data }, { secret })

function transactional(lease: '30s' | '200ms' = '30s') {
  const store = postgresIdempotency({ client: pool })
  const idempotency = { store, source: 'shop', transactional: true, lease } as const
  return createReceiver({ secrets: secret, logger, idempotency })
}

describe('transactional mode on Postgres', () => {
  it('commits what the handler wrote with the record that it ran', async () => {
    const receiver = transactional()
    receiver.on('order.paid', async ({ id }, { tx }) => {
      await tx.query(INSERT, [id])
      expect(await effects()).toEqual([])
    })
    expect((await receiver.receive(await signed('a'))).status).toBe(200)
    expect((await receiver.receive(await signed('a'))).body).toBe('{"code":"duplicate"}')
    expect(await effects()).toEqual([{ id: 'a' }])
  })

  it('rolls back when the handler throws, and a retry runs at once', async () => {
    const receiver = transactional()
    let fails = true
    receiver.on('order.paid', async ({ id }, { tx }) => {
      await tx.query(INSERT, [id])
      if (fails) throw new Error('boom')
    })
    expect((await receiver.receive(await signed('a'))).status).toBe(500)
    expect(await effects()).toEqual([])
    fails = false
    expect((await receiver.receive(await signed('a'))).status).toBe(200)
    expect(await effects()).toEqual([{ id: 'a' }])
  })

  it('never answers 2xx when the handler hid the failure of a statement', async () => {
    const receiver = transactional()
    receiver.on('order.paid', async ({ id }, { tx }) => {
      await tx.query(INSERT, [id])
      await Promise.resolve(tx.query('SELECT 1 / 0')).catch(() => {})
    })
    expect((await receiver.receive(await signed('a'))).status).toBe(503)
    expect(await effects()).toEqual([])
  })

  it('leaves the effect to whoever took the claim over', async () => {
    const receiver = transactional()
    receiver.on('order.paid', async ({ id }, { tx }) => {
      await tx.query(INSERT, [id])
      await pool.query("UPDATE posthorn.claims SET token = 'another'")
    })
    expect((await receiver.receive(await signed('a'))).body).toBe('{"code":"lease_lost"}')
    expect(await effects()).toEqual([])
  })

  it('keeps the claims of more handlers than there are connections alive, and runs each once', async () => {
    const receiver = transactional('200ms')
    receiver.on('order.paid', async ({ id }, { tx }) => {
      await tx.query(INSERT, [id])
      await tx.query('SELECT pg_sleep(0.1)')
    })
    const ids = Array.from({ length: 12 }, (_, index) => `m${String(index).padStart(2, '0')}`)
    const requests = await Promise.all(ids.map((id) => signed(id)))
    const results = await Promise.all(requests.map((request) => receiver.receive(request)))
    expect(results.map(({ status }) => status)).toEqual(Array(12).fill(200))
    expect(await effects()).toEqual(ids.map((id) => ({ id })))
  })

  it('commits for dispatch too', async () => {
    const receiver = transactional()
    receiver.on('order.paid', async ({ id }, { tx }) => void (await tx.query(INSERT, [id])))
    const timestamp = new Date().toISOString()
    await receiver.dispatch({ id: 'polled', type: 'order.paid', timestamp, data: {} })
    expect(await effects()).toEqual([{ id: 'polled' }])
  })
})

/** Versions 1 to 8 of five keys, in an order that only the seed decides. */
function shuffled(seed: number) {
  let state = seed
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
  const all = ['a', 'b', 'c', 'd', 'e'].flatMap((key) =>
    [1, 2, 3, 4, 5, 6, 7, 8].map((version) => ({ key, version, at: random() })),
  )
  return all.sort((one, other) => one.at - other.at)
}

describe('the guard of order on Postgres', () => {
  const part = (data: unknown, name: string) => String(Object(data)[name])

  it.each([11, 12, 13])('never has an older version committed last (seed %i)', async (seed) => {
    await pool.query('TRUNCATE posthorn.last_versions')
    const order = {
      store: postgresOrder({ client: pool }),
      key: ({ data }: { readonly data: unknown }) => part(data, 'key'),
      version: ({ data }: { readonly data: unknown }) => part(data, 'version'),
    }
    const store = postgresIdempotency({ client: pool })
    const idempotency = { store, source: 'shop', transactional: true } as const
    const receiver = createReceiver({ secrets: secret, logger, idempotency, order })
    receiver.on('order.paid', async ({ data }, { tx }) => {
      await tx.query('SELECT pg_sleep(random() * 0.005)')
      await tx.query(INSERT, [`${part(data, 'key')}${part(data, 'version')}`])
    })
    const requests = await Promise.all(
      shuffled(seed).map(({ key, version }) => signed(`${key}${version}`, { key, version })),
    )
    const results = await Promise.all(requests.map((request) => receiver.receive(request)))
    expect(new Set(results.map(({ body }) => body))).toEqual(
      new Set(['{"code":"handled"}', '{"code":"stale"}']),
    )
    // Rows of one table lie in the order of their inserts, which a key's lock makes that of their commits.
    const { rows } = await pool.query('SELECT id FROM effects ORDER BY ctid')
    const applied: readonly string[] = rows.map((row) => part(row, 'id'))
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      const versions = applied.filter((id) => id.startsWith(key))
      expect(versions).toEqual([...versions].sort())
      expect(versions.at(-1)).toBe(`${key}8`)
    }
  })
})

function inserting() {
  const store = postgresInserting({ client: pool, table: 'webhook_events', lockTimeout: '200ms' })
  return createReceiver({ secrets: secret, logger, idempotency: { store, source: 'b3os' } })
}

describe('the table of event_id, received_at and payload', () => {
  it('gets its row in the transaction of the handler', async () => {
    const receiver = inserting()
    receiver.on('order.paid', async ({ id }, { tx }) => void (await tx.query(INSERT, [id])))
    expect((await receiver.receive(await signed('a', { total: 1 }))).status).toBe(200)
    expect((await receiver.receive(await signed('a', { total: 1 }))).body).toBe(
      '{"code":"duplicate"}',
    )
    expect(await effects()).toEqual([{ id: 'a' }])
    const { rows } = await pool.query('SELECT * FROM webhook_events')
    expect(rows).toEqual([
      {
        event_id: 'a',
        received_at: expect.any(Date),
        payload: expect.objectContaining({ id: 'a', type: 'order.paid', data: { total: 1 } }),
      },
    ])
  })

  it('gets none when the handler throws', async () => {
    const receiver = inserting()
    receiver.on('order.paid', () => {
      throw new Error('boom')
    })
    expect((await receiver.receive(await signed('a'))).status).toBe(500)
    expect((await pool.query('SELECT * FROM webhook_events')).rows).toEqual([])
  })

  it('has duplicates wait for the one in flight, for as long as lockTimeout', async () => {
    const receiver = inserting()
    let finish = () => {}
    let began = () => {}
    const running = new Promise<void>((resolve) => {
      began = resolve
    })
    receiver.on('order.paid', async ({ id }, { tx }) => {
      await tx.query(INSERT, [id])
      began()
      await new Promise<void>((resolve) => {
        finish = resolve
      })
    })
    const first = receiver.receive(await signed('a'))
    await running
    const duplicate = await receiver.receive(await signed('a'))
    expect([duplicate.status, duplicate.headers['retry-after']]).toEqual([409, '1'])
    const waiting = receiver.receive(await signed('a'))
    finish()
    expect((await first).status).toBe(200)
    expect((await waiting).body).toBe('{"code":"duplicate"}')
    expect(await effects()).toEqual([{ id: 'a' }])
  })

  it('leaves the handler the lock timeout that it had', async () => {
    const receiver = inserting()
    let timeout: unknown
    receiver.on('order.paid', async (_event, { tx }) => {
      timeout = (await tx.query('SHOW lock_timeout')).rows[0]
    })
    await receiver.receive(await signed('a'))
    expect(timeout).toEqual({ lock_timeout: '0' })
  })

  it('keeps an event with a NUL without its payload', async () => {
    const receiver = inserting()
    receiver.on('order.paid', () => {})
    expect((await receiver.receive(await signed('a', { text: '\u0000' }))).status).toBe(200)
    const { rows } = await pool.query('SELECT payload FROM webhook_events')
    expect(rows).toEqual([{ payload: null }])
  })
})
