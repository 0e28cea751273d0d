import { type PgClientLike, postgresStore } from '@posthorn/postgres/sender'
import { createSender } from '@posthorn/sender'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { addEndpoint } from '../sqlite/fixtures'
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

/** Two stores of a schema, as of two processes, and what the database answered to the first. */
async function openTwo(schema: string) {
  const answers: unknown[] = []
  const query = async (text: string, values?: string[]) => {
    const result = await pool.query(text, values)
    answers.push(...result.rows.map(({ result }) => result))
    return result
  }
  const store = postgresStore({ client: { query }, schema })
  await store.migrate()
  const other = postgresStore({ client: pool, schema })
  await addEndpoint(other, 'ep_1')
  const read = async () => (await store.endpoints.forTenant('default')).map(({ id }) => id)
  return { store, other, answers, read }
}

async function renamed(client: PgClientLike, schema: string, url: string) {
  const { endpoints } = postgresStore({ client, schema })
  const endpoint = await endpoints.get('default', 'ep_1')
  if (endpoint === undefined) throw new TypeError('there is to be an endpoint')
  return endpoints.replace({ ...endpoint, url })
}

it('endpoints of a tenant are sent again only when one of them was changed, came or went', async () => {
  const { store, other, answers, read } = await openTwo('tenant_changes')
  expect(await read()).toEqual(['ep_1'])
  answers.length = 0
  expect(await read()).toEqual(['ep_1'])
  expect(answers).toEqual([''])

  await addEndpoint(other, 'ep_2')
  expect(await read()).toEqual(['ep_1', 'ep_2'])
  await other.endpoints.remove('default', 'ep_1')
  expect(await read()).toEqual(['ep_2'])
  await addEndpoint(other, 'ep_1')
  await renamed(pool, 'tenant_changes', 'https://example.com/new')
  const [, last] = await store.endpoints.forTenant('default')
  expect(last).toMatchObject({ id: 'ep_1', url: 'https://example.com/new', revision: 2 })
  const change = { tenantId: 'default', id: 'ep_2', disable: 'gone' as const }
  await other.endpoints.transition([change])
  const [first] = await store.endpoints.forTenant('default')
  expect(first).toMatchObject({ id: 'ep_2', status: 'disabled' })
})

it('a transaction sees its own, and what it rolled back is not taken for what came after', async () => {
  const schema = 'tenant_rolled_back'
  const { store } = await openTwo(schema)
  const { host } = store
  if (host.kind !== 'async') throw new TypeError('the transactions are to be asynchronous')
  const urlOf = async (tx: PgClientLike) => (await host.endpoints('default', tx))[0]?.url
  const tx = await pool.connect()
  await tx.query('BEGIN')
  await renamed(tx, schema, 'https://example.com/rolled-back')
  expect(await urlOf(tx)).toBe('https://example.com/rolled-back')
  expect(await urlOf(pool)).toBe('https://example.com/hooks')
  expect(await urlOf(tx)).toBe('https://example.com/rolled-back')
  await tx.query('ROLLBACK')
  tx.release()
  await renamed(pool, schema, 'https://example.com/kept')
  expect(await urlOf(pool)).toBe('https://example.com/kept')
})

/** A sender of one process, another's store, and the statements that the first makes. */
async function openSender(schema: string) {
  const calls: string[] = []
  const noted = (client: PgClientLike): PgClientLike => ({
    query(text, values) {
      calls.push(/\.(\w+)\(/.exec(text)?.[1] ?? text)
      return client.query(text, values)
    },
  })
  const sender = createSender({ store: postgresStore({ client: noted(pool), schema }) })
  await sender.migrate()
  const other = postgresStore({ client: pool, schema })
  await addEndpoint(other, 'ep_1')
  const send = async (options?: { readonly tx: PgClientLike }) => {
    calls.length = 0
    const { deliveries } = await sender.send({ type: 'run.completed', data: {} }, options)
    return { deliveries, calls: [...calls] }
  }
  return { noted, other, send }
}

it('a send asks for endpoints once, and then only when they were changed', async () => {
  const { other, send } = await openSender('tenant_sends')
  expect(await send()).toEqual({ deliveries: 1, calls: ['endpoints_of', 'insert_events'] })
  expect(await send()).toEqual({ deliveries: 1, calls: ['insert_events'] })
  await addEndpoint(other, 'ep_2')
  const anew = ['insert_events', 'endpoints_of', 'insert_events']
  expect(await send()).toEqual({ deliveries: 2, calls: anew })
  expect(await send()).toEqual({ deliveries: 2, calls: ['insert_events'] })
})

it('a send in a transaction is one statement, and holds by what the transaction sees', async () => {
  const schema = 'tenant_sends_inside'
  const { noted, send } = await openSender(schema)
  await send()
  const client = await pool.connect()
  const tx = noted(client)
  await client.query('BEGIN')
  expect(await send({ tx })).toEqual({ deliveries: 1, calls: ['insert_events'] })
  await addEndpoint(postgresStore({ client, schema }), 'ep_2')
  const anew = ['insert_events', 'endpoints_of', 'insert_events']
  expect(await send({ tx })).toEqual({ deliveries: 2, calls: anew })
  expect(await send(), 'outside nobody sees it').toEqual({ deliveries: 1, calls: anew })
  await client.query('ROLLBACK')
  client.release()
  expect(await send()).toEqual({ deliveries: 1, calls: ['insert_events'] })
})
