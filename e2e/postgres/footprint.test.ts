import { postgresStore } from '@posthorn/postgres/sender'
import { createSender } from '@posthorn/sender'
import { recordingTransport } from '@posthorn/sender/testing'
import type { Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPool } from './connections'
import { type Server, startServer } from './server'

const deliveries = 1_000
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

const number = async (sql: string) => Number((await pool.query(`SELECT ${sql} AS n`)).rows[0].n)
const stored = () =>
  number(
    `(SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
      WHERE s.nspname = 'footprint' AND c.relkind = 'r' AND c.relname NOT IN ('queue', 'unmatched'))`,
  )

it('a delivery of 1 KB costs a few KB of log and of disk, as docs/scaling.md reckons', async () => {
  const store = postgresStore({ client: pool, schema: 'footprint' })
  const sender = createSender({ store, transport: recordingTransport() })
  await sender.migrate()
  await sender.endpoints.create({ url: 'https://example.com/hook' })
  await pool.query('CHECKPOINT')
  const [from, size] = [await number(`pg_current_wal_lsn() - '0/0'::pg_lsn`), await stored()]
  const data = { text: 'x'.repeat(1_000) }
  await sender.sendMany(Array.from({ length: deliveries }, () => ({ type: 'run.done', data })))
  while ((await sender.deliverDue()).succeeded > 0);
  const log = ((await number(`pg_current_wal_lsn() - '0/0'::pg_lsn`)) - from) / deliveries
  const disk = ((await stored()) - size) / deliveries
  expect(await sender.statistics()).toMatchObject({ succeeded: deliveries })
  console.info(`a delivery of 1 KB: ${Math.round(log)} bytes of log, ${Math.round(disk)} on disk`)
  expect(log).toBeLessThan(10_000)
  expect(disk).toBeLessThan(5_000)
}, 60_000)
