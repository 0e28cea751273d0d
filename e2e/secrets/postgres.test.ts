import { postgresStore } from '@posthorn/postgres/sender'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPool } from '../postgres/connections'
import { startDatabase } from '../postgres/own-database'
import type { Server } from '../postgres/server'
import { everythingOf, found } from './canaries'
import { everything } from './everything'

let server: Server
let pool: pg.Pool

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url)
})
afterAll(async () => {
  await pool.end()
  await server.stop()
})

/** Every row of every table, bytes as text, too. */
async function columns(): Promise<string> {
  const tables = await pool.query<{ name: string }>(
    "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
  )
  const parts: string[] = []
  for (const { name } of tables.rows)
    parts.push(everythingOf((await pool.query(`SELECT * FROM ${name}`)).rows))
  return parts.join('\n')
}

/** Postgres has the clock: what waits has waited for long. */
async function pass(): Promise<void> {
  await pool.query('UPDATE posthorn.queue SET due_at = due_at - 86400000')
  await pool.query(
    'UPDATE posthorn.endpoints SET throttled_until = throttled_until - 86400000, probe_at = probe_at - 86400000',
  )
}

it('canary secrets are in no column of Postgres, and in no answer', async () => {
  const { out, canaries } = await everything(postgresStore({ client: pool }), pass)
  expect(found(canaries, out.join('\n'))).toEqual([])
  const rows = await columns()
  expect(rows).toContain('webhook-timestamp')
  // A body lies there as bytes, and is shown here as a string of JSON.
  expect(rows).toContain(String.raw`{\"runId\":\"r1\"}`)
  expect(rows).toContain('v1:kms:kms:')
  expect(found(canaries, rows)).toEqual([])
})
