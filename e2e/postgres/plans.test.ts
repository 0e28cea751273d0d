import { postgresStore } from '@posthorn/postgres/sender'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addEndpoint, eventTo, everything, newEvent } from '../sqlite/fixtures'
import { openPool } from './connections'
import { startDatabase } from './own-database'
import type { Server } from './server'

let server: Server

beforeAll(async () => {
  server = await startDatabase()
}, 60_000)

afterAll(() => server?.stop())

/** A pool of one connection, which tells the plan of every statement, also of those inside of functions. */
function explaining(plans: string[]): pg.Pool {
  const pool = openPool(server.url, { max: 1 })
  pool.on('connect', (client) => {
    client.on('notice', ({ message }) => {
      if (message?.includes('plan:')) plans.push(message)
    })
    void client.query(`LOAD 'auto_explain'; SET client_min_messages = log; SET auto_explain.log_level = 'log';
      SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on`)
  })
  return pool
}

/** Tables that grow with what is sent. `blocked` and `paces` have a row for an endpoint or key, and `endpoints` for an endpoint. */
const reading = /Seq Scan on (events|queue|deliveries|unmatched|attempts\w*|bodies) /
/** By the tenant alone, and not by the key: where the table was empty when it was analysed, either looks as cheap. */
const readingTenant =
  /Index Scan using (queue|events|deliveries|attempts)_\w+ on (queue|events|deliveries|attempts).*\n\s+Index Cond: \(tenant_id = [^)]*\)\n/

it.each([0, 2_000])(
  'no statement of the hot path reads a whole table, planned at %i rows',
  async (rows) => {
    const plans: string[] = []
    const pool = explaining(plans)
    const schema = `plans_${rows}`
    const store = postgresStore({ client: pool, schema })
    await store.migrate()
    await addEndpoint(store, 'ep_1')
    await addEndpoint(store, 'ep_2', { ordered: 'block', rateLimit: { limit: 1_000, perMs: 1 } })
    const fill = Array.from({ length: rows }, () => eventTo('ep_1'))
    await store.deliveries.insert(fill)
    await pool.query('ANALYZE')
    plans.length = 0
    const keyed = { ...eventTo('ep_2'), orderingKey: 'k' }
    await store.deliveries.insert([eventTo('ep_1'), keyed, newEvent({ idempotencyKey: 'once' })])
    await store.deliveries.insertAndClaim?.([eventTo('ep_1')], { ...everything, limit: 1 })
    const { events } = await store.deliveries.claimEvents({ limit: 10, leaseMs: 1_000 })
    const outcome = { kind: 'fanned_out' as const, deliveries: [], bodies: [] }
    await store.deliveries.fanOut(events.map((event) => ({ ...event, outcome })))
    const { deliveries } = await store.deliveries.claim(everything)
    const [first, second] = deliveries.map(({ lease }) => lease)
    if (!first || !second) throw new TypeError('two deliveries were to be claimed')
    await store.deliveries.extend([first], 1_000)
    const attempt = { number: 1, startedAt: Date.now(), durationMs: 1, outcome: 'success' as const }
    await store.deliveries.settle([
      { lease: first, next: { status: 'succeeded' }, attempt },
      { lease: second, next: { status: 'pending', retryInMs: 1_000, deferred: false } },
    ])
    await store.deliveries.nextDueIn()
    expect(plans.length).toBeGreaterThan(20)
    expect(plans.filter((plan) => reading.test(plan))).toEqual([])
    expect(plans.filter((plan) => readingTenant.test(plan))).toEqual([])
    await pool.end()
  },
)
