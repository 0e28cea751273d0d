import { readFileSync } from 'node:fs'
import { postgresStore } from '@posthorn/postgres/sender'
import { createSender } from '@posthorn/sender'
import { recordingTransport } from '@posthorn/sender/testing'
import type { Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPool } from './connections'
import { type Server, startServer } from './server'

const deliveries = 3_000
let server: Server
let pool: Pool

beforeAll(async () => {
  server = await startServer()
  pool = openPool(server.url, { max: 8 })
}, 60_000)

afterAll(async () => {
  await pool?.query('DROP SCHEMA IF EXISTS footprint CASCADE')
  await pool?.end()
  await server?.stop()
})

const pageOf = (name: string) =>
  readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), 'utf8')

/** The figure that a page of the documentation gives, in bytes. */
function reckoned(page: string, pattern: RegExp): number {
  const kilobytes = pattern.exec(pageOf(page).replaceAll('\n', ' '))?.[1]
  if (kilobytes === undefined) throw new TypeError(`docs/${page}.md gives no such figure`)
  return Number(kilobytes) * 1_000
}

/** Servers differ a little, and what is reckoned with is rounded. */
function expectAbout(measured: number, expected: number): void {
  expect(measured).toBeGreaterThan(expected * 0.8)
  expect(measured).toBeLessThan(expected * 1.2)
}

const number = async (sql: string) => Number((await pool.query(`SELECT ${sql} AS n`)).rows[0].n)
const stored = (tables: string) =>
  number(
    `(SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
      WHERE s.nspname = 'footprint' AND c.relkind = 'r' AND c.relname ${tables})`,
  )
const finished = `NOT IN ('queue', 'unmatched')`

it('a delivery of 1 KB costs of log and of disk what docs/scaling.md reckons with', async () => {
  const store = postgresStore({ client: pool, schema: 'footprint' })
  const sender = createSender({ store, transport: recordingTransport() })
  await sender.migrate()
  await sender.endpoints.create({ url: 'https://example.com/hook' })
  await pool.query('CHECKPOINT')
  const [from, size] = [
    await number(`pg_current_wal_lsn() - '0/0'::pg_lsn`),
    await stored(finished),
  ]
  const data = { text: 'x'.repeat(1_000) }
  await sender.sendMany(Array.from({ length: deliveries }, () => ({ type: 'run.done', data })))
  const waiting = (await stored(`= 'queue'`)) / deliveries
  while ((await sender.deliverDue()).succeeded > 0);
  const log = ((await number(`pg_current_wal_lsn() - '0/0'::pg_lsn`)) - from) / deliveries
  const disk = ((await stored(finished)) - size) / deliveries
  expect(await sender.statistics()).toMatchObject({ succeeded: deliveries })
  console.info(
    `a delivery of 1 KB: ${Math.round(log)} bytes of log, ${Math.round(disk)} on disk, ${Math.round(waiting)} in the queue`,
  )
  expectAbout(log, reckoned('scaling', /writes about ([\d.]+) KB to the log \(WAL\)/))
  expectAbout(disk, reckoned('scaling', /keeps ([\d.]+) KB on disk/))
  expectAbout(waiting, reckoned('operating-postgres', /waits takes about ([\d.]+) KB in `queue`/))
}, 60_000)
