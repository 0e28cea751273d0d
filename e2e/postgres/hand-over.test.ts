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

/** A store of one process, and the functions that it calls. */
async function openStore(schema: string) {
  const calls: string[] = []
  const query = (text: string, values?: string[]) => {
    calls.push(/\.(\w+)\(/.exec(text)?.[1] ?? text)
    return pool.query(text, values)
  }
  const store = postgresStore({ client: { query }, schema })
  await store.migrate()
  const { insertAndClaim } = store.deliveries
  if (insertAndClaim === undefined) throw new TypeError('the store is to have insertAndClaim')
  return { store, calls, insertAndClaim }
}

it('inserts and claims by one statement, of an endpoint that the process has seen', async () => {
  const { store, calls, insertAndClaim } = await openStore('one_call')
  await addEndpoint(store, 'ep_1')
  for (const event of [eventTo('ep_1'), eventTo('ep_1')]) {
    calls.length = 0
    const { claim } = await insertAndClaim([event], everything)
    expect(claim.deliveries.map(({ eventId }) => eventId)).toEqual([event.id])
    expect(calls).toEqual(['claim_deliveries'])
  }
  calls.length = 0
  expect((await store.deliveries.claim(everything)).deliveries).toEqual([])
  expect(calls, 'no lane is left in line').toEqual(['find_lanes'])
})

it('a process that has not seen the endpoint inserts first, and then claims', async () => {
  const { store } = await openStore('two_calls')
  await addEndpoint(store, 'ep_1')
  const { calls, insertAndClaim } = await openStore('two_calls')
  calls.length = 0
  const { claim } = await insertAndClaim([eventTo('ep_1')], everything)
  expect(claim.deliveries).toHaveLength(1)
  expect(calls).toEqual(['insert_events', 'find_lanes', 'claim_deliveries'])
  calls.length = 0
  await insertAndClaim([eventTo('ep_1')], everything)
  expect(calls).toEqual(['claim_deliveries'])
})

it('what a cap leaves over stays in line for the next claim', async () => {
  const { store, calls, insertAndClaim } = await openStore('left_over')
  await addEndpoint(store, 'ep_1')
  const { claim } = await insertAndClaim([eventTo('ep_1'), eventTo('ep_1')], {
    ...everything,
    limit: 1,
  })
  expect(claim.deliveries).toHaveLength(1)
  calls.length = 0
  const rest = await store.deliveries.claim({ ...everything, limit: 1 })
  expect(rest.deliveries).toHaveLength(1)
  expect(calls.at(-1)).toBe('claim_deliveries')
})
