import { postgresStore } from '@posthorn/postgres/sender'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addEndpoint, eventTo, everything } from '../sqlite/fixtures'
import { openPool } from './connections'
import { startDatabase } from './own-database'
import type { Server } from './server'

let server: Server
let pool: pg.Pool

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url, { max: 4 })
}, 60_000)

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

/** A store of one process, the functions that it calls, and those that are to fail. */
async function openStore(schema: string) {
  const calls: string[] = []
  const failing = new Set<string>()
  const query = (text: string, values?: string[]) => {
    const name = /\.(\w+)\(/.exec(text)?.[1] ?? text
    calls.push(name)
    if (failing.has(name)) throw new Error('connection terminated')
    return pool.query(text, values)
  }
  const store = postgresStore({ client: { query }, schema })
  await store.migrate()
  const { insertAndClaim } = store.deliveries
  if (insertAndClaim === undefined) throw new TypeError('the store is to have insertAndClaim')
  /** As the sender does it, with endpoints that are remembered. Answers whose deliveries were claimed, and by which calls. */
  const handOver = async (ids: readonly string[], limit: number = everything.limit) => {
    if (store.endpoints.remembered?.('default') === undefined)
      await store.endpoints.forTenant('default')
    const mark = store.endpoints.remembered?.('default')?.mark ?? ''
    calls.length = 0
    const events = ids.map((id) => ({ mark, ...eventTo(id) }))
    const { claim } = await insertAndClaim(events, { ...everything, limit })
    return { to: claim?.deliveries.map(({ endpoint }) => endpoint.id), calls: [...calls] }
  }
  return { store, calls, failing, handOver, insertAndClaim }
}

const one = ['insert_events']
const two = ['insert_events', 'claim_deliveries']

it('what is sent is under a lease from the start, by one statement, while nothing waits', async () => {
  const { store, calls, handOver } = await openStore('one_call')
  for (const id of ['ep_1', 'ep_2']) await addEndpoint(store, id)
  for (const ids of [['ep_1'], ['ep_1', 'ep_2'], ['ep_2', 'ep_1']])
    expect(await handOver(ids)).toEqual({ to: ids, calls: one })
  calls.length = 0
  expect((await store.deliveries.claim(everything)).deliveries).toEqual([])
  expect(calls, 'no lane is left in line').toEqual(['find_lanes'])
})

it('whoever waits has its turn first, and then it is one statement again', async () => {
  const { store, handOver } = await openStore('waiting')
  for (const id of ['ep_1', 'ep_2']) await addEndpoint(store, id)
  await handOver(['ep_1'])
  await store.deliveries.insert([eventTo('ep_2')])
  const first = await handOver(['ep_1'], 1)
  expect(first).toMatchObject({ to: ['ep_2'] })
  expect(first.calls.at(-1)).toBe('claim_deliveries')
  const { deliveries } = await store.deliveries.claim(everything)
  expect(deliveries.map(({ endpoint }) => endpoint.id)).toEqual(['ep_1'])
  expect((await handOver(['ep_1', 'ep_2'])).calls).toEqual(one)
})

it('what another process has left in the same lane comes first', async () => {
  const { store, handOver } = await openStore('left_behind')
  await addEndpoint(store, 'ep_1')
  const { store: other } = await openStore('left_behind')
  await handOver(['ep_1'])
  const left = eventTo('ep_1')
  await other.deliveries.insert([left])
  expect((await handOver(['ep_1'], 1)).calls.slice(0, 1)).toEqual(one)
  const { deliveries } = await store.deliveries.claim(everything)
  expect(deliveries.map(({ eventId }) => eventId)).not.toContain(left.id)
})

it('what a cap, a rate, a throttle or failures hold back is left to a claim', async () => {
  const { store, handOver } = await openStore('held_back')
  await addEndpoint(store, 'limited', { rateLimit: { limit: 10, perMs: 1000 } })
  await addEndpoint(store, 'failing', { health: { state: 'failing', since: 0 } })
  await addEndpoint(store, 'paused', { status: 'paused' })
  await addEndpoint(store, 'throttled', { throttledUntil: Date.now() + 60_000 })
  for (const [id, claimed] of Object.entries({ limited: 1, failing: 1, paused: 0, throttled: 0 })) {
    const { to, calls } = await handOver([id])
    expect([id, to?.length, calls.filter((call) => call === 'claim_deliveries').length]).toEqual([
      id,
      claimed,
      1,
    ])
  }
})

it('a throttle that is over holds nothing back', async () => {
  const { store, handOver } = await openStore('throttle_over')
  await addEndpoint(store, 'ep_1', { throttledUntil: 1_700_000_000_000 })
  await store.deliveries.claim(everything)
  expect(await handOver(['ep_1'])).toEqual({ to: ['ep_1'], calls: one })
})

it('while another session is at the lane, it is inserted, and then claimed', async () => {
  const { store, handOver } = await openStore('busy_lane')
  await addEndpoint(store, 'ep_1')
  await handOver(['ep_1'])
  const client = await pool.connect()
  await client.query('BEGIN')
  await client.query(
    "SELECT pg_advisory_xact_lock(hashtext('busy_lane'), lane::integer) FROM busy_lane.endpoints",
  )
  const waiting = handOver(['ep_1'])
  await new Promise((resolve) => setTimeout(resolve, 100))
  await client.query('COMMIT')
  client.release()
  const { to, calls } = await waiting
  expect(to).toEqual(['ep_1'])
  expect(calls.filter((call) => call !== 'find_lanes')).toEqual(two)
})

it('what is written is no failure of its sender when the claim behind it fails', async () => {
  const { store, failing, insertAndClaim } = await openStore('claim_fails')
  await addEndpoint(store, 'ep_1')
  failing.add('find_lanes').add('claim_deliveries')
  const event = eventTo('ep_1')
  const answer = await insertAndClaim([event], everything)
  expect(answer).toEqual({ events: [{ eventId: event.id, duplicate: false, deliveries: 1 }] })
  failing.clear()
  const { deliveries } = await store.deliveries.claim(everything)
  expect(deliveries.map(({ eventId }) => eventId)).toEqual([event.id])
})
