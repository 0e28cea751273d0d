import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { postgresIdempotency } from '@posthorn/postgres/receiver'
import { postgresStore } from '@posthorn/postgres/sender'
import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openPool } from './connections'
import { startDatabase } from './own-database'
import { dumpSchema } from './schema-dump'
import type { Server } from './server'

let server: Server
let pool: pg.Pool

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url, { max: 2 })
}, 60_000)

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

const folder = fileURLToPath(new URL('../../packages/postgres', import.meta.url))

/** `npx vitest run e2e/postgres/schema.test.ts -u` writes it anew. */
it('the committed schema is what the migrations add up to', async () => {
  await postgresStore({ client: pool }).migrate()
  await postgresIdempotency({ client: pool }).migrate()
  const dump = await dumpSchema(pool, 'posthorn')
  await expect(dump).toMatchFileSnapshot(`${folder}/schema.sql`)
})

it('the exported files, run in their order by other means, make the same schema', async () => {
  await postgresStore({ client: pool, schema: 'migrated' }).migrate()
  await pool.query('CREATE SCHEMA run_by_hand')
  for (const file of readdirSync(`${folder}/migrations/sender`).sort()) {
    const sql = readFileSync(`${folder}/migrations/sender/${file}`, 'utf8')
    await pool.query(sql.replaceAll(/\bposthorn\b/g, 'run_by_hand'))
  }
  await pool.query('SELECT run_by_hand.make_partitions(3)')
  await pool.query('DROP TABLE migrated.migrations')
  const dumps = ['migrated', 'run_by_hand'].map((schema) => dumpSchema(pool, schema))
  const [migrated, byHand] = await Promise.all(dumps)
  expect(byHand?.replaceAll('run_by_hand', 'migrated')).toBe(migrated)
})

it('every table and key of the sender begins with the tenant, and no constraint joins tables', async () => {
  await postgresStore({ client: pool, schema: 'by_tenant' }).migrate()
  const rowsOf = async (sql: string) =>
    (await pool.query(sql)).rows.map((row) => Object.values(row).join(' '))
  const tables = await rowsOf(`
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1
    WHERE c.relnamespace = 'by_tenant'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'migrations'`)
  expect(tables.length).toBeGreaterThan(8)
  expect(tables.filter((table) => !table.endsWith(' tenant_id'))).toEqual([])
  const keys = await rowsOf(`
    SELECT c.relname, pg_get_indexdef(i.indexrelid, 1, false) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = 'by_tenant'::regnamespace AND i.indisunique AND c.relname <> 'migrations_pkey'`)
  expect(keys.length).toBeGreaterThan(8)
  expect(keys.filter((key) => !key.endsWith(' tenant_id'))).toEqual([])
  const joins = await rowsOf(`
    SELECT conname FROM pg_constraint WHERE connamespace = 'by_tenant'::regnamespace AND contype = 'f'`)
  expect(joins).toEqual([])
})
