import { setTimeout as sleep } from 'node:timers/promises'
import { postgresInbox } from '@posthorn/postgres/receiver'
import {
  createInbox,
  createReceiver,
  type Inbox,
  type InboxMessage,
  type InboxStore,
} from '@posthorn/receiver'
import { deliver } from '@posthorn/receiver/testing'
import type { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openPool } from './connections'
import { startDatabase } from './own-database'
import type { Server } from './server'

let server: Server | undefined
let pool: Pool

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url, { max: 4 })
  await postgresInbox({ client: pool }).migrate()
  await pool.query('CREATE TABLE orders (id text NOT NULL)')
}, 60_000)

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

beforeEach(() => pool.query('TRUNCATE orders, posthorn.inbox, posthorn.inbox_tasks'))

const secret = `whsec_${btoa('q'.repeat(32))}`
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const orders = async () => (await pool.query('SELECT id FROM orders')).rows.length

function setUp(retryFirst: '1ms' | '1h' = '1ms') {
  const receiver = createReceiver({ secrets: secret, logger, idempotency: 'none' })
  const store = postgresInbox({ client: pool })
  const options = {
    store,
    source: 'shop',
    transactional: true,
    retry: { first: retryFirst },
  } as const
  return createInbox(receiver, options)
}

const send = (inbox: Pick<Inbox, 'receive'>, id = 'a') => {
  const event = { id, type: 'order.paid', timestamp: '2026-01-31T12:00:00Z', data: {} }
  return deliver(inbox, event, { secret })
}

it('commits what a handler writes with the end of its task, or neither', async () => {
  const inbox = setUp()
  let runs = 0
  inbox.on('order.paid', async ({ id }, { tx }) => {
    await tx.query('INSERT INTO orders (id) VALUES ($1)', [id])
    runs += 1
    if (runs === 1) throw new Error('boom')
  })
  expect((await send(inbox)).status).toBe(202)
  expect(await inbox.drain({ limit: 1 })).toMatchObject({ retried: 1 })
  expect(await orders()).toBe(0)
  await expect.poll(() => inbox.drain()).toMatchObject({ done: 1 })
  expect([await orders(), (await send(inbox)).body]).toEqual([1, '{"code":"duplicate"}'])
})

it('leaves the effect to whoever took the task over', async () => {
  const inbox = setUp()
  inbox.on('order.paid', async ({ id }, { tx }) => {
    await pool.query(`UPDATE posthorn.inbox_tasks SET token = 'another'`)
    await tx.query('INSERT INTO orders (id) VALUES ($1)', [id])
  })
  await send(inbox)
  expect(await inbox.drain()).toMatchObject({ lost: 1, done: 0 })
  expect(await orders()).toBe(0)
})

it('runs as many handlers at once as the pool has connections, less one, and refuses more', async () => {
  const inbox = setUp()
  let running = 0
  let most = 0
  inbox.on('order.paid', async (_event, { tx }) => {
    running += 1
    most = Math.max(most, running)
    await tx.query('SELECT pg_sleep(0.02)')
    running -= 1
  })
  for (let index = 0; index < 9; index += 1) await send(inbox, `m${index}`)
  expect(await inbox.drain()).toMatchObject({ done: 9 })
  expect(most).toBe(3)
  const receiver = createReceiver({ secrets: secret, idempotency: 'none' })
  const store = postgresInbox({ client: pool })
  const options = { store, source: 'shop', transactional: true, concurrency: 4 } as const
  expect(() => createInbox(receiver, options)).toThrow('at most 3')
})

it('waits for another transaction that keeps the same message, and then is told what it is', async () => {
  const store = postgresInbox({ client: pool })
  for (const [fingerprint, answer] of [
    ['f', 'duplicate'],
    ['other', 'mismatch'],
  ] as const) {
    const message = messageOf(answer)
    const ended = await inOpenTransaction((other) => other.accept(message, ['main@order.paid']))
    const waiting = store.accept({ ...message, fingerprint }, ['main@order.paid'])
    await expect.poll(waitingBackends).toBe(1)
    await ended()
    expect(await waiting).toBe(answer)
    expect((await store.get(message.key))?.tasks).toHaveLength(1)
  }
})

it('does not wait for tasks that another is claiming', async () => {
  const store = postgresInbox({ client: pool })
  await store.accept(messageOf('m'), ['main@order.paid'])
  const request = { handlers: ['main@order.paid'], limit: 1, leaseMs: 60_000 }
  const ended = await inOpenTransaction(async (other) => {
    expect(await other.claim(request)).toHaveLength(1)
  })
  const claimed = await Promise.race([store.claim(request), sleep(5_000, 'waited')])
  await ended()
  expect([claimed, await store.claim(request)]).toEqual([[], []])
})

const handler = 'main@order.paid'

async function buried(store: InboxStore, id: string): Promise<InboxMessage> {
  const message = messageOf(id)
  await store.accept(message, [handler, 'other@order.paid'])
  for (const task of await store.claim({ handlers: [handler], limit: 1, leaseMs: 60_000 })) {
    await store.settle(task, { to: 'dead', reason: 'exhausted', code: 'handler_failed' })
  }
  const [other] = await store.claim({ handlers: ['other@order.paid'], limit: 1, leaseMs: 60_000 })
  if (other) await store.settle(other, { to: 'done' })
  return message
}

describe('a replay while what is dead is pruned', () => {
  const everything = { olderThanMs: 0, limit: 10, dead: true }

  it('that began first is not undone', async () => {
    const store = postgresInbox({ client: pool })
    const { key } = await buried(store, 'first')
    const committed = await inOpenTransaction(async (other) => {
      expect(await other.revive({ key }, 10)).toBe(1)
    })
    const pruning = store.prune(everything)
    await Promise.race([pruning, sleep(200)])
    await committed()
    expect(await pruning).toBe(0)
    expect((await store.get(key))?.tasks).toMatchObject([{ handler, state: 'pending' }, {}])
  })

  it('that began later finds nothing, and says so', async () => {
    const store = postgresInbox({ client: pool })
    const { key } = await buried(store, 'later')
    const letGo = await holdingDeletes()
    const pruning = store.prune(everything)
    await expect.poll(waitingBackends).toBe(1)
    const revived = await store.revive({ key }, 10)
    await letGo()
    expect([revived, await pruning, await store.get(key)]).toEqual([0, 1, undefined])
  })
})

/** Has the deletion of messages wait, when it has chosen them; answers how to let it go on. */
async function holdingDeletes() {
  await pool.query(`
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN OLD; END $$;
    CREATE TRIGGER hold BEFORE DELETE ON posthorn.inbox FOR EACH ROW EXECUTE FUNCTION hold()`)
  const connection = await pool.connect()
  await connection.query('SELECT pg_advisory_lock(7)')
  return async () => {
    await connection.query('SELECT pg_advisory_unlock(7)')
    connection.release()
    await pool.query('DROP TRIGGER hold ON posthorn.inbox; DROP FUNCTION hold')
  }
}

const messageOf = (id: string): InboxMessage => ({
  key: { source: 'shop', id },
  fingerprint: 'f',
  type: 'order.paid',
  body: new Uint8Array(),
  facts: { eventId: id, timestamp: '', secretIndex: 0, headers: {}, params: {} },
})

/** Leaves a transaction open, and answers how to commit it. */
async function inOpenTransaction(work: (store: InboxStore) => unknown) {
  const connection = await pool.connect()
  const query = (text: string, values?: string[]) => connection.query(text, values)
  await query('BEGIN')
  await work(postgresInbox({ client: { query, connect: () => pool.connect() } }))
  return async () => {
    await query('COMMIT')
    connection.release()
  }
}

async function waitingBackends(): Promise<number> {
  const sql = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
  return Number((await pool.query(sql)).rows[0]?.n)
}

it('claims by the index of what is pending, whatever the statistics say', async () => {
  const inbox = setUp('1h')
  inbox.on('order.paid', () => {})
  await pool.query('ANALYZE posthorn.inbox, posthorn.inbox_tasks')
  await pool.query(`
    INSERT INTO posthorn.inbox SELECT decode(md5(n::text), 'hex'), 's', n::text, 'f', 't', '', '{}', 0 FROM generate_series(1, 20000) n;
    INSERT INTO posthorn.inbox_tasks (key, handler, state, at) SELECT decode(md5(n::text), 'hex'), 'h', 'done', 0 FROM generate_series(1, 20000) n`)
  await send(inbox)
  const { rows } = await pool.query(`EXPLAIN (ANALYZE, FORMAT JSON)
    SELECT ctid FROM posthorn.inbox_tasks WHERE state = 'pending' AND at <= 9999999999999
      AND handler = ANY (ARRAY(SELECT json_array_elements_text('["main@order.paid"]'))) ORDER BY at LIMIT 10 FOR UPDATE SKIP LOCKED`)
  expect(JSON.stringify(rows)).toContain('inbox_tasks_pending')
  expect(await inbox.drain()).toMatchObject({ done: 1 })
})
