import { fromPostgresJs, type PgClientLike, postgresStore } from '@posthorn/postgres/sender'
import { createSender } from '@posthorn/sender'
import { recordingTransport } from '@posthorn/sender/testing'
import pg from 'pg'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addEndpoint, eventTo, everything } from '../sqlite/fixtures'
import { openClient, openPool } from './connections'
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

/** A NUL, halves of surrogate pairs on their own and the wrong way round, and what looks like an escape. */
const strange = 'a\0b \ud800 \udc00\ud800 \\u0000 \u{1f600}'
const wellFormed = /^a\ufffdb \ufffd \ufffd\ufffd \\u0000 \u{1f600}$/u

describe('what Postgres cannot hold as text', () => {
  it('is recorded all the same: headers, body and error of a response', async () => {
    const store = postgresStore({ client: pool, schema: 'unstorable' })
    await store.migrate()
    await addEndpoint(store, 'ep_1', { metadata: { note: strange } })
    await store.deliveries.insert([{ ...eventTo('ep_1'), metadata: { note: strange } }])
    const { deliveries, now } = await store.deliveries.claim(everything)
    const [claimed] = deliveries
    if (!claimed) throw new TypeError('nothing was claimed')
    expect(claimed.metadata).toEqual({ note: strange })
    expect(claimed.endpoint.metadata).toEqual({ note: strange })
    const responseBody = new Uint8Array([0, 255, 0xed, 0xa0, 0x80])
    const attempt = {
      number: 1,
      startedAt: now + 0.5,
      durationMs: 1.5,
      outcome: 'network' as const,
      requestHeaders: { 'x-mine': strange },
      responseHeaders: { 'x-yours': strange },
      responseBody,
      error: { code: 'E\0', message: strange },
    }
    const next = { status: 'failed' as const, reason: 'exhausted' as const }
    const [verdict] = await store.deliveries.settle([{ lease: claimed.lease, next, attempt }])
    expect(verdict).toBe('applied')
    const [logged] = await store.log.attempts('default', claimed.lease.deliveryId)
    expect(logged).toMatchObject({
      requestHeaders: { 'x-mine': strange },
      responseHeaders: { 'x-yours': strange },
      responseBody,
      error: { code: 'E\ufffd', message: expect.stringMatching(wellFormed) },
    })
    const { items } = await store.log.events({ limit: 1 })
    expect(items[0]?.metadata).toEqual({ note: strange })
  })
})

describe('what stands between cells', () => {
  it('changes nothing where it is part of a text', async () => {
    const store = postgresStore({ client: pool, schema: 'separated' })
    await store.migrate()
    await addEndpoint(store, 'ep_1')
    const orderingKey = '\x1fa\x1f\x1fb\x1f'
    const event = { ...eventTo('ep_1'), orderingKey, metadata: { note: orderingKey } }
    await store.deliveries.insert([event])
    const { deliveries, now } = await store.deliveries.claim(everything)
    const [claimed] = deliveries
    if (!claimed) throw new TypeError('nothing was claimed')
    expect(claimed).toMatchObject({ orderingKey, messageId: event.id, metadata: event.metadata })
    const error = { code: 'E\x1f', message: '' }
    const requestHeaders = { 'x-mine': orderingKey }
    const attempt = { number: 1, startedAt: now, durationMs: 1, outcome: 'network' as const }
    const next = { status: 'failed' as const, reason: 'exhausted' as const }
    const settlement = {
      lease: claimed.lease,
      next,
      attempt: { requestHeaders, error, ...attempt },
    }
    expect(await store.deliveries.settle([settlement])).toEqual(['applied'])
    const logged = await store.log.attempts('default', claimed.lease.deliveryId)
    expect(logged).toEqual([
      { requestHeaders, error: { code: 'E\ufffd', message: '' }, ...attempt },
    ])
    const { items } = await store.log.list({ limit: 1 })
    expect(items[0]?.state).toMatchObject(next)
  })
})

/** Sends and delivers an event with everything in it, and reads it back. */
async function roundTrip(client: PgClientLike, schema: string): Promise<void> {
  const store = postgresStore({ client, schema })
  const transport = recordingTransport([503])
  const sender = createSender({ store, transport })
  await sender.migrate()
  const { endpoint } = await sender.endpoints.create({
    url: 'https://example.com/hooks',
    eventTypes: ['order.*'],
    rateLimit: { limit: 100, per: '1s' },
    ordered: 'block',
    metadata: { team: 'a' },
  })
  const event = { type: 'order.placed', data: { total: 12.5, text: 'é\u{1f600}' } }
  const first = await sender.send({ ...event, orderingKey: 'k', idempotencyKey: 'once' })
  const second = await sender.send({ ...event, orderingKey: 'k', idempotencyKey: 'once' })
  expect([first.duplicate, second.duplicate, second.eventId]).toEqual([false, true, first.eventId])
  await sender.deliverDue()
  expect(transport.requests).toHaveLength(1)
  const { items } = await sender.deliveries.list({ endpointId: endpoint.id, status: 'pending' })
  const [delivery] = items
  expect(delivery?.createdAt).toBeInstanceOf(Date)
  const attempts = await sender.deliveries.attempts(delivery?.id ?? '')
  expect(attempts).toMatchObject([{ number: 1, outcome: 'http', status: 503 }])
  const read = await sender.events.get(first.eventId)
  expect(JSON.parse(new TextDecoder().decode(read.body))).toMatchObject({ data: event.data })
  expect((await sender.endpoints.get(endpoint.id)).metadata).toEqual({ team: 'a' })
  expect((await store.log.statistics()).pending).toBe(1)
  await sender.recover({ since: new Date(0), dryRun: true })
  await sender.prune()
  await sender.stop()
}

/** bool, bytea, int8, int2, int4, oid, text, json, float4, float8, int8[], varchar, text[], date, timestamp, timestamptz, numeric, jsonb. */
const types = [
  16, 17, 20, 21, 23, 26, 25, 114, 700, 701, 1016, 1043, 1009, 1082, 1114, 1184, 1700, 3802,
]

describe('no client changes what is stored and read', () => {
  it('pg as it is', () => roundTrip(pool, 'plain'))

  it('pg in which the host has changed the parsers of every type', async () => {
    // All but text, which is what every answer is; a host that changed that one too would have no strings.
    const parsers = new Map(
      types.filter((oid) => oid !== 25).map((oid) => [oid, (text: string) => ({ parsed: text })]),
    )
    const changed: pg.CustomTypesConfig = {
      getTypeParser: (oid: number) => parsers.get(oid) ?? ((text: string) => text),
    }
    const own = openPool(server.url, { max: 4, types: changed })
    expect((await own.query('SELECT 1::bigint AS n')).rows).toEqual([{ n: { parsed: '1' } }])
    await roundTrip(own, 'parsers')
    await own.end()
  })

  it('pg with parsers changed for the whole process', async () => {
    const before = types.map((oid) => [oid, pg.types.getTypeParser(oid)] as const)
    for (const oid of types.filter((one) => one !== 25)) {
      pg.types.setTypeParser(oid, (text: string) => BigInt(text.length))
    }
    try {
      await roundTrip(pool, 'process_parsers')
    } finally {
      for (const [oid, parser] of before) pg.types.setTypeParser(oid, parser)
    }
  })

  it('a single connection of pg', async () => {
    const client = openClient(server.url)
    await client.connect()
    await roundTrip(client, 'single')
    await client.end()
  })

  it('postgres.js, with and without prepared statements', async () => {
    for (const prepare of [true, false]) {
      const sql = postgres(server.url, { max: 2, prepare, onnotice: () => {} })
      await roundTrip(fromPostgresJs(sql), `postgres_js_${prepare}`)
      await sql.end()
    }
  })

  it('postgres.js, in a transaction of its own', async () => {
    const sql = postgres(server.url, { max: 2, onnotice: () => {} })
    const sender = createSender({
      store: postgresStore({ client: fromPostgresJs(sql), schema: 'postgres_js_tx' }),
    })
    await sender.migrate()
    const event = { type: 'order.placed', data: {} }
    await sql.begin((tx) => sender.send({ ...event, id: 'kept' }, { tx: fromPostgresJs(tx) }))
    const rolledBack = sql.begin(async (tx) => {
      await sender.send({ ...event, id: 'gone' }, { tx: fromPostgresJs(tx) })
      throw new Error('changed my mind')
    })
    await expect(rolledBack).rejects.toThrow('changed my mind')
    const { items } = await sender.events.list()
    expect(items.map(({ id }) => id)).toEqual(['kept'])
    await expect(sender.transaction(async () => {})).rejects.toThrow(/Begin one yourself/)
    await sender.stop()
    await sql.end()
  })
})
