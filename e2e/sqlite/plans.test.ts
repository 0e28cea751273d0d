import { openSqlite, type SqliteLike, sqliteStore } from '@posthorn/sqlite/sender'
import { expect, it } from 'vitest'
import { addEndpoint, eventTo, everything, hostHandle, newEvent } from './fixtures'
import { createFolders } from './folders'

/** What may be read from end to end: what was asked for, and tables of one row. `in_line` stops at the first. */
const harmless =
  /^SCAN (j|json_each|CONSTANT ROW|input|head|posthorn_counters|posthorn_lanes USING COVERING INDEX posthorn_lanes_line)\b/

/** Sorts suspects, which are as many as crashes left behind. */
const sorting = /ORDER BY l\.solo_turn/

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

function planOf(db: SqliteLike, sql: string): readonly string[] {
  const rows: unknown = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
  return Array.isArray(rows) ? rows.map((row) => String(row.detail)) : []
}

/** On a handle of its own: libsql leaves an explained statement half-done. */
function scansIn(path: string, statements: ReadonlySet<string>): readonly string[] {
  const db = hostHandle(path)
  const scans = [...statements].flatMap((sql) =>
    planOf(db, sql)
      .filter((step) => step.startsWith('SCAN ') || step.includes('TEMP B-TREE FOR ORDER BY'))
      .filter((step) => !harmless.test(step) && !sorting.test(sql))
      .map((step) => `${step} in ${sql.trim()}`),
  )
  db.close()
  return scans
}

it('no statement of the hot path reads or sorts a whole table, also after ANALYZE of an empty queue', async () => {
  const folders = createFolders()
  const path = folders.file()
  const db = await openSqlite(path)
  const statements = new Set<string>()
  const store = sqliteStore(recording(db, statements))
  await store.migrate()
  statements.clear()
  await addEndpoint(store, 'ep_1')
  await store.deliveries.insert([
    eventTo('ep_1'),
    eventTo('ep_1'),
    eventTo('ep_1'),
    eventTo('gone'),
  ])
  store.host.enqueue([newEvent({ idempotencyKey: 'k' }), newEvent({ idempotencyKey: 'k' })])
  const { events } = await store.deliveries.claimEvents({ limit: 10, leaseMs: 1_000 })
  const outcome = { kind: 'fanned_out' as const, deliveries: [], bodies: [] }
  await store.deliveries.fanOut(events.map((event) => ({ ...event, outcome })))
  const { deliveries } = await store.deliveries.claim(everything)
  const [first, second, third] = deliveries.map(({ lease }) => lease)
  if (!first || !second || !third) throw new TypeError('three deliveries were to be claimed')
  await store.deliveries.extend([first], 1_000)
  await store.deliveries.settle([
    { lease: first, next: { status: 'succeeded' } },
    { lease: second, next: { status: 'pending', retryInMs: 1_000, deferred: false } },
  ])
  await store.deliveries.release([third])
  await store.deliveries.claim({ ...everything, solo: true })
  await store.deliveries.cancel('default', third.deliveryId)
  await store.deliveries.nextDueIn()
  await store.endpoints.forTenant('default')
  await store.endpoints.transition([{ tenantId: 'default', id: 'ep_1', throttleForMs: 10 }])
  expect(statements.size).toBeGreaterThan(40)
  expect(scansIn(path, statements)).toEqual([])
  await store.deliveries.cancel('default', second.deliveryId)
  db.exec('ANALYZE')
  expect(scansIn(path, statements)).toEqual([])
  db.close?.()
  folders.remove([folders.remember({}, path)])
})
