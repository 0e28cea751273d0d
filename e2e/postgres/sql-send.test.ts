import { readFileSync } from 'node:fs'
import { postgresStore } from '@posthorn/postgres/sender'
import { defineEvents } from '@posthorn/schema'
import { createSender } from '@posthorn/sender'
import { recordingTransport } from '@posthorn/sender/testing'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openPool } from './connections'
import { startDatabase } from './own-database'
import type { Server } from './server'

const page = readFileSync(new URL('../../docs/transactional-send.md', import.meta.url), 'utf8')
const [rights = '', audit = '', insert = ''] = [...page.matchAll(/```sql\n(.*?)```/gs)].map(
  (match) => match[1] ?? '',
)

const events = defineEvents({
  'audit.granted': z.object({ subject: z.string(), detail: z.object({ role: z.string() }) }),
  'run.done': {
    versions: { 1: z.object({ n: z.number() }), 2: z.object({ n: z.string() }) },
    upcast: { 1: ({ n }) => ({ n: String(n) }) },
  },
})

let server: Server
let pool: Pool

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url, { max: 4 })
}, 60_000)

afterAll(async () => {
  await pool?.query('DROP OWNED BY app; DROP ROLE app').catch(() => {})
  await pool?.end()
  await server?.stop()
})

async function makeSender(schema: string) {
  const transport = recordingTransport()
  const store = postgresStore({ client: pool, schema })
  const sender = createSender({ events, store, transport, maxPayloadBytes: 1_000 })
  await sender.migrate()
  return { sender, transport }
}

const call = async (sql: string, values: readonly unknown[] = []): Promise<string> =>
  (await pool.query(`SELECT ${sql} AS id`, [...values])).rows[0].id

describe('posthorn.send', () => {
  it('has an event of plain SQL checked, matched and delivered as one of send()', async () => {
    const { sender, transport } = await makeSender('plain')
    await sender.endpoints.create({ url: 'https://example.com/hook' })
    const sent = await sender.send({ type: 'run.done', version: 1, data: { n: 1 } })
    const id = await call(
      `plain.send('default', 'run.done', '{"n": 1}', metadata => '{"by":"sql"}')`,
    )
    expect(id).toMatch(/^evt_[0-9a-hjkmnp-tv-z]{26}$/)
    // The same clock, so that ids of both kinds sort by time.
    expect(Math.abs(timeOf(id) - timeOf(sent.eventId))).toBeLessThan(60_000)
    await sender.deliverDue()
    const [ofSend, ofSql] = transport.requests.map(({ text }) => JSON.parse(text))
    expect(ofSql).toEqual({ ...ofSend, id, timestamp: expect.stringMatching(/^20.*\.\d{3}Z$/) })
    expect(await sender.events.get(id)).toMatchObject({
      state: 'fanned_out',
      metadata: { by: 'sql' },
    })
  })

  it('keeps what does not follow the catalogue as invalid, in sight, and sends none of it', async () => {
    const { sender, transport } = await makeSender('wrong')
    await sender.endpoints.create({ url: 'https://example.com/hook' })
    const told: string[] = []
    sender.on('event.invalid', ({ eventId }) => void told.push(eventId))
    const ids = [
      await call(`wrong.send('default', 'run.done', '{"n":"text"}')`),
      await call(`wrong.send('default', 'run.unknown', '{}')`),
      await call(`wrong.send('default', 'run.done', '{"n":1}', version => 9)`),
      await call(
        `wrong.send('default', 'run.done', jsonb_build_object('n', 1, 'x', repeat('x', 1000)))`,
      ),
    ]
    const good = await call(`wrong.send('default', 'run.done', '{"n":"text"}', version => 2)`)
    await sender.deliverDue()
    expect(transport.requests.map(({ text }) => JSON.parse(text))).toMatchObject([
      { id: good, version: 2, data: { n: 'text' } },
    ])
    expect(told.sort()).toEqual([...ids].sort())
    expect(await sender.events.get(ids[0] ?? '')).toMatchObject({
      state: 'invalid',
      issues: [{ path: expect.stringContaining('n'), message: expect.any(String) }],
    })
  })

  it('answers the first event for a known key, and commits or rolls back with its transaction', async () => {
    const { sender } = await makeSender('once')
    const first = await call(`once.send('default', 'run.done', '{"n":1}', 'k')`)
    expect(await call(`once.send('default', 'run.done', '{"n":2}', 'k')`)).toBe(first)
    const client = await pool.connect()
    await client.query(
      `BEGIN; SELECT once.send('default', 'run.done', '{"n":3}', id => 'gone'); ROLLBACK`,
    )
    client.release()
    expect((await sender.events.list()).items.map((event) => event.id)).toEqual([first])
  })

  it('writes the time as the envelope has it', async () => {
    const { sender } = await makeSender('times')
    const at = async (time: string) => {
      const id = await call(`times.send('default', 'run.done', '{"n":1}', occurred_at => $1)`, [
        time,
      ])
      return new Date((await sender.events.get(id))?.timestamp ?? 0).toISOString()
    }
    expect(await at('2026-01-31 12:00:00.0079+01')).toBe('2026-01-31T11:00:00.007Z')
    expect(await at('9999-12-31 23:59:59.999+00')).toBe('9999-12-31T23:59:59.999Z')
    await expect(at('1969-12-31 23:59:59+00')).rejects.toMatchObject({ code: '22023' })
  })

  it.each([
    [`NULL, 'a', '{}'`],
    [`'two words', 'a', '{}'`],
    [`'t', 'a..b', '{}'`],
    [`'t', 'a"b', '{}'`],
    [`'t', NULL, '{}'`],
    [`'t', 'a', NULL`],
    [`'t', 'a', '{}', ''`],
    [`'t', 'a', '{}', repeat('k', 257)`],
    [`'t', 'a', '{}', metadata => '{"a":1}'`],
    [`'t', 'a', '{}', metadata => '[]'`],
    [`'t', 'a', '{}', id => 'a.b'`],
    [`'t', 'a', '{}', version => 0`],
  ])('refuses (%s), which no event can have', async (args) => {
    await makeSender('refusing')
    await expect(pool.query(`SELECT refusing.send(${args})`)).rejects.toMatchObject({
      code: '22023',
    })
  })
})

it('the audit table of the documentation sends what is committed to it, for a role without rights on our tables', async () => {
  const { sender, transport } = await makeSender('posthorn')
  await sender.tenant('acme').endpoints.create({ url: 'https://example.com/hook' })
  await pool.query(rights)
  await pool.query(audit)
  const client = await pool.connect()
  await client.query('SET ROLE app')
  await client.query(`BEGIN; ${insert} ROLLBACK`)
  await client.query(insert)
  await expect(client.query('SELECT * FROM posthorn.events')).rejects.toMatchObject({
    code: '42501',
  })
  await client.query('RESET ROLE')
  client.release()
  await sender.deliverDue()
  expect(transport.requests.map(({ text }) => JSON.parse(text))).toMatchObject([
    { type: 'audit.granted', data: { subject: 'user-7', detail: { role: 'admin' } } },
  ])
})

it('nobody but the owner may call it until it is granted', async () => {
  await makeSender('closed')
  await pool.query('CREATE ROLE stranger; GRANT USAGE ON SCHEMA closed TO stranger')
  const client = await pool.connect()
  await client.query('SET ROLE stranger')
  const calling = client.query(`SELECT closed.send('t', 'a', '{}')`)
  await expect(calling).rejects.toMatchObject({ code: '42501' })
  await client.query('RESET ROLE')
  client.release()
  await pool.query('DROP OWNED BY stranger; DROP ROLE stranger')
})

/** The milliseconds in an id. */
function timeOf(id: string): number {
  const digits = '0123456789abcdefghjkmnpqrstvwxyz'
  return [...id.slice(4, 14)].reduce((time, digit) => time * 32 + digits.indexOf(digit), 0)
}
