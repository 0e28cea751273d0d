import {
  openSqlite,
  type SqliteDatabase,
  type SqliteLike,
  type SqliteStore,
  sqliteStore,
} from '@posthorn/sqlite/sender'
import { afterAll, expect, it } from 'vitest'
import { addEndpoint, eventTo, everything, hostHandle, newEvent } from './fixtures'
import { createFolders } from './folders'

/** What may be read from end to end: what was asked for, and tables of one row. `in_line` stops at the first. */
const harmless =
  /^SCAN (j|json_each|\(subquery-\d\)|\d+ CONSTANT ROWS|\d+-ROW VALUES CLAUSE|CONSTANT ROW|input|head|posthorn_counters|pragma_\w+|posthorn_lanes USING COVERING INDEX posthorn_lanes_line)( |$)/

/** Sorts suspects, which are as many as crashes left behind. */
const sorting = /ORDER BY solo_turn/

/** Passes everything on and keeps the statements. */
function recording(db: SqliteLike, statements: Set<string>): SqliteLike {
  return {
    prepare(sql) {
      if (!sql.includes('PRAGMA')) statements.add(sql)
      return db.prepare(sql)
    },
    exec: (sql) => db.exec(sql),
  }
}

function planOf(db: SqliteDatabase, sql: string): readonly string[] {
  const values = Array.from(sql.matchAll(/\?/g), () => 1)
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values)
  return rows.map((row) => String(Reflect.get(Object(row), 'detail')))
}

/** On a handle of its own: libsql leaves an explained statement half-done. */
async function scansIn(path: string, statements: ReadonlySet<string>): Promise<readonly string[]> {
  const db = await hostHandle(path)
  const scans = [...statements].flatMap((sql) =>
    planOf(db, sql)
      .filter((step) => step.startsWith('SCAN ') || step.includes('TEMP B-TREE FOR ORDER BY'))
      .filter((step) => !harmless.test(step) && !sorting.test(sql))
      .map((step) => `${step} in ${sql.trim()}`),
  )
  db.close()
  return scans
}

const folders = createFolders()
const made: object[] = []

afterAll(() => folders.remove(made))

function newFile(): string {
  const path = folders.file()
  made.push(folders.remember({}, path))
  return path
}

/** Every statement that sending, delivering and waiting take. */
async function hotStatements(): Promise<ReadonlySet<string>> {
  const statements = new Set<string>()
  const store = sqliteStore(recording(await openSqlite(':memory:'), statements))
  await store.migrate()
  statements.clear()
  await addEndpoint(store, 'ep_1')
  const sent = [eventTo('ep_1'), eventTo('ep_1'), eventTo('ep_1'), eventTo('gone')]
  await store.deliveries.insert(sent)
  store.host.enqueue([newEvent({ idempotencyKey: 'k' }), newEvent({ idempotencyKey: 'k' })])
  const { events } = await store.deliveries.claimEvents({ limit: 10, leaseMs: 1_000 })
  const outcome = { kind: 'fanned_out' as const, deliveries: [], bodies: [] }
  await store.deliveries.fanOut(events.map((event) => ({ ...event, outcome })))
  const { deliveries } = await store.deliveries.claim(everything)
  const [first, second, third] = deliveries.map(({ lease }) => lease)
  if (!first || !second || !third) throw new TypeError('three deliveries were to be claimed')
  await store.deliveries.extend([first], 1_000)
  const attempt = { number: 1, startedAt: 0, durationMs: 1, outcome: 'success' as const }
  await store.deliveries.settle([
    { lease: first, next: { status: 'succeeded' }, attempt },
    { lease: second, next: { status: 'pending', retryInMs: 1_000, deferred: false } },
  ])
  await store.deliveries.release([third])
  await store.deliveries.claim({ ...everything, solo: true })
  await store.deliveries.cancel('default', third.deliveryId)
  await store.deliveries.nextDueIn()
  await store.endpoints.forTenant('default')
  await store.endpoints.transition([{ tenantId: 'default', id: 'ep_1', throttleForMs: 10 }])
  await store.deliveries.redeliver([
    {
      tenantId: 'default',
      id: 'again',
      eventId: sent[0]?.id ?? '',
      endpointId: 'ep_1',
      as: 'same',
    },
  ])
  await runOrdered(store)
  await store.close()
  return statements
}

/** What lines of ordering keys, rate limits and probes add. */
async function runOrdered(store: SqliteStore): Promise<void> {
  await addEndpoint(store, 'ep_2', {
    ordered: 'block',
    rateLimit: { limit: 1_000, perMs: 1 },
    health: { state: 'failing', since: 0 },
  })
  const keyed = Array.from({ length: 3 }, () => ({ ...eventTo('ep_2'), orderingKey: 'k' }))
  await store.deliveries.insert([...keyed, newEvent({ orderingKey: 'k' })])
  const { events } = await store.deliveries.claimEvents({ limit: 10, leaseMs: 1_000 })
  const outcome = { kind: 'fanned_out' as const, deliveries: [], bodies: [] }
  await store.deliveries.fanOut(events.map((event) => ({ ...event, outcome })))
  const again = async () => {
    const { deliveries } = await store.deliveries.claim(everything)
    const lease = deliveries.find(({ endpoint }) => endpoint.id === 'ep_2')?.lease
    if (!lease) throw new TypeError('a delivery was to be claimed')
    return lease
  }
  await store.deliveries.release([await again()])
  const first = await again()
  await store.deliveries.settle([{ lease: first, next: { status: 'failed', reason: 'exhausted' } }])
  const eventId = keyed[0]?.id ?? ''
  await store.deliveries.redeliver([
    { tenantId: 'default', id: 'blocked', eventId, endpointId: 'ep_2', as: 'same' },
  ])
  const next = { status: 'failed' as const, reason: 'exhausted' as const }
  await store.deliveries.settle([{ lease: await again(), next }])
  await store.deliveries.cancel('default', 'blocked')
  await store.endpoints.transition([{ tenantId: 'default', id: 'ep_2', probeInMs: 10 }])
}

/** Every statement that reading the log and the endpoints takes, but for what counts or spans tenants. */
async function readingStatements(): Promise<ReadonlySet<string>> {
  const statements = new Set<string>()
  const store = sqliteStore(recording(await openSqlite(':memory:'), statements))
  await store.migrate()
  await addEndpoint(store, 'ep_1')
  const event = eventTo('ep_1')
  await store.deliveries.insert([event])
  statements.clear()
  const scope = { tenantId: 'default', limit: 10 }
  const times = { since: 0, until: Date.now() + 1_000 }
  await store.endpoints.list(scope)
  for (const wanted of [
    {},
    { ...times, type: 'order.placed' },
    { endpointId: 'ep_1' },
    { eventId: event.id, status: 'pending' as const },
    { status: 'failed' as const },
    { status: 'succeeded' as const, endpointId: 'ep_1' },
  ]) {
    await store.log.list({ ...scope, ...wanted })
  }
  await store.log.events({ ...scope, ...times })
  await store.log.events({ ...scope, state: 'invalid' })
  await store.log.history({ ...scope, ...times, endpointId: 'ep_1', types: ['order.placed'] })
  const [delivery] = event.fanOut?.deliveries ?? []
  await store.log.get('default', delivery?.id ?? '')
  await store.log.attempts('default', delivery?.id ?? '')
  await store.close()
  return statements
}

/** A database analysed while it held so many of everything. */
async function analysed(rows: number): Promise<string> {
  const path = newFile()
  const db = await openSqlite(path)
  const store = sqliteStore(db)
  await store.migrate()
  for (let row = 0; row < rows; row += 1) {
    await addEndpoint(store, `ep_${row}`)
    await store.deliveries.insert([eventTo(`ep_${row}`), newEvent()])
  }
  db.exec('ANALYZE')
  await store.close()
  return path
}

const sizes = [0, 1, 4, 30, 300]

it.each(sizes)(
  'no statement of the hot path reads or sorts a whole table, also after ANALYZE of %i rows',
  async (rows) => {
    const statements = await hotStatements()
    expect(statements.size).toBeGreaterThan(55)
    expect(await scansIn(await analysed(rows), statements)).toEqual([])
  },
)

it.each(sizes)(
  'nor does one that reads a part of the log, after ANALYZE of %i rows',
  async (rows) => {
    const statements = await readingStatements()
    expect(statements.size).toBeGreaterThan(15)
    expect(await scansIn(await analysed(rows), statements)).toEqual([])
  },
)
