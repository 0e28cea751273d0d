import { setTimeout as sleep } from 'node:timers/promises'
import { type PostgresStore, postgresStore } from '@posthorn/postgres/sender'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addEndpoint, eventTo, newEvent } from '../sqlite/fixtures'
import { openPool } from './connections'
import { startDatabase } from './own-database'
import { type Relay, startRelay } from './relay'
import type { Server } from './server'

let server: Server
let pool: pg.Pool
let store: PostgresStore

beforeAll(async () => {
  server = await startDatabase()
  pool = connect(server.url)
  store = postgresStore({ client: pool })
  await store.migrate()
}, 60_000)

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

const connect = (url: string, options: pg.PoolConfig = {}): pg.Pool =>
  openPool(url, { max: 4, ...options })

const code = (name: string) => expect.objectContaining({ name: 'WebhookError', code: name })

/** What one statement on a pool of these options comes to. */
async function outcome(options: pg.PoolConfig, during?: () => Promise<unknown>): Promise<unknown> {
  const own = connect(server.url, options)
  const caught = postgresStore({ client: own })
    .log.statistics()
    .then(
      () => 'answered',
      (error: unknown) => error,
    )
  await during?.()
  const result = await caught
  await own.end()
  return result
}

describe('a failure that may pass is store_busy', () => {
  it('nobody listens', async () => {
    const free = await startRelay(server.url)
    await free.close()
    expect(await outcome({ connectionString: free.url })).toEqual(code('store_busy'))
  })

  it('no connection within the time that the pool allows', async () => {
    const own = connect(server.url, { max: 1, connectionTimeoutMillis: 100 })
    const held = await own.connect()
    const waiting = postgresStore({ client: own }).log.statistics()
    await expect(waiting).rejects.toThrow(code('store_busy'))
    held.release()
    await own.end()
  })

  it.each(['cut', 'reset'] as const)('the connection is %s while a statement runs', async (how) => {
    const relay: Relay = await startRelay(server.url)
    const own = connect(relay.url)
    await blockingQueue(async () => {
      const pending = postgresStore({ client: own }).log.statistics()
      pending.catch(() => {})
      await sleep(100)
      relay[how]()
      await expect(pending).rejects.toThrow(code('store_busy'))
    })
    await expect(postgresStore({ client: own }).log.statistics()).resolves.toMatchObject({ due: 0 })
    await own.end()
    await relay.close()
  })

  it('the server ends the session', async () => {
    await blockingQueue(async () => {
      const failing = outcome({ application_name: 'doomed' }, async () => {
        await sleep(100)
        await pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'doomed'`,
        )
      })
      expect(await failing).toEqual(code('store_busy'))
    })
  })

  it.each([
    ['lock_timeout', '55P03'],
    ['statement_timeout', '57014'],
  ] as const)('%s runs out', async (setting, state) => {
    await blockingQueue(async () => {
      const failed = await outcome({ options: `-c ${setting}=50` })
      expect(failed).toMatchObject({ code: 'store_busy', cause: { code: state } })
    })
  })

  it('no answer within the time that the pool allows', async () => {
    await blockingQueue(async () => {
      expect(await outcome({ query_timeout: 50 })).toEqual(code('store_busy'))
    })
  })

  it('the server is a standby, or was made read-only', async () => {
    const own = connect(server.url, { options: '-c default_transaction_read_only=on' })
    const inserting = postgresStore({ client: own }).deliveries.insert([newEvent()])
    await expect(inserting).rejects.toMatchObject({ code: 'store_busy', cause: { code: '25006' } })
    await own.end()
  })

  it.each(['40001', '40P01', '53100', '53200', '53300', '57P01', '57P03', '08006'])(
    'SQLSTATE %s',
    async (state) => {
      const failing = over(Object.assign(new Error('x'), { code: state }))
      await expect(failing.log.statistics()).rejects.toThrow(code('store_busy'))
    },
  )
})

describe('any other is store_failed, with the cause', () => {
  it.each(['22P02', '23505', '42501', 'XX001'])('SQLSTATE %s', async (state) => {
    const cause = Object.assign(new Error('x'), { code: state })
    await expect(over(cause).log.statistics()).rejects.toMatchObject({
      code: 'store_failed',
      cause,
    })
  })

  it('and nothing of the batch was written', async () => {
    await addEndpoint(store, 'ep_1')
    const event = eventTo('ep_1')
    await store.deliveries.insert([event])
    const clash = newEvent(event.fanOut ? { fanOut: event.fanOut } : {})
    const before = await store.log.statistics()
    const inserting = store.deliveries.insert([newEvent(), clash])
    await expect(inserting).rejects.toMatchObject({
      code: 'store_failed',
      cause: { code: '23505' },
    })
    expect(await store.log.statistics()).toMatchObject({ pending: before.pending })
    expect(await store.log.event('default', clash.id)).toBeUndefined()
  })

  it('an answer that is none of ours', async () => {
    const strange = postgresStore({
      client: { query: async () => ({ rows: [{ result: 'null' }] }) },
    })
    await expect(strange.log.statistics()).rejects.toThrow(code('store_failed'))
  })
})

describe('a store in a bad state says which', () => {
  it('not migrated, and then migrated', async () => {
    const fresh = postgresStore({ client: pool, schema: 'not_there' })
    await expect(fresh.log.statistics()).rejects.toThrow(code('store_not_migrated'))
    await fresh.migrate()
    await expect(fresh.log.statistics()).resolves.toMatchObject({ due: 0 })
  })

  it('its pool was ended by the host', async () => {
    const own = connect(server.url)
    await own.end()
    const failing = postgresStore({ client: own }).log.statistics()
    await expect(failing).rejects.toThrow(code('store_closed'))
  })
})

/** A store whose client rejects with `error`. */
function over(error: Error): PostgresStore {
  return postgresStore({ client: { query: () => Promise.reject(error) } })
}

/** Has whatever reads the queue wait meanwhile. */
async function blockingQueue(work: () => Promise<void>): Promise<void> {
  const client = await pool.connect()
  await client.query('BEGIN; LOCK TABLE posthorn.queue')
  try {
    await work()
  } finally {
    await client.query('ROLLBACK')
    client.release()
  }
}
