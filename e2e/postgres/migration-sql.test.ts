import { readdirSync } from 'node:fs'
import { migrationSql, postgresStore } from '@posthorn/postgres/sender'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPool } from './connections'
import { startDatabase } from './own-database'
import type { Server } from './server'

let server: Server
let pool: Pool

beforeAll(async () => {
  server = await startDatabase()
  pool = openPool(server.url, { max: 2 })
}, 60_000)

afterAll(async () => {
  await pool?.end()
  await server?.stop()
})

const recorded = async (schema: string) =>
  (await pool.query(`SELECT version, name, checksum FROM ${schema}.migrations ORDER BY version`))
    .rows

const shape = async (schema: string) =>
  (
    await pool.query(
      `SELECT table_name, column_name, data_type FROM information_schema.columns
       WHERE table_schema = $1 ORDER BY 1, 2`,
      [schema],
    )
  ).rows

describe('the migrations run by another tool', () => {
  it('are the files of the package, in order', () => {
    const files = readdirSync(
      new URL('../../packages/postgres/migrations/sender', import.meta.url),
    ).sort()
    expect(migrationSql().map(({ name }) => `${name}.sql`)).toEqual(files)
    expect(migrationSql().map(({ version }) => version)).toEqual(files.map((_, index) => index + 1))
  })

  it('are found done by migrate(), and make what it makes', async () => {
    for (const { sql } of migrationSql({ schema: 'by_hand' }))
      await pool.query(`BEGIN; ${sql} COMMIT`)
    const before = await recorded('by_hand')
    await postgresStore({ client: pool, schema: 'by_hand' }).migrate()
    await postgresStore({ client: pool, schema: 'by_us' }).migrate()
    expect(await recorded('by_hand')).toEqual(before)
    expect(before.map(({ name }) => name)).toEqual(
      (await recorded('by_us')).map(({ name }) => name),
    )
    expect(await shape('by_hand')).toEqual(await shape('by_us'))
  })

  it('may be half of them: migrate() does the rest', async () => {
    for (const { sql } of migrationSql({ schema: 'half' }).slice(0, 3)) await pool.query(sql)
    await postgresStore({ client: pool, schema: 'half' }).migrate()
    expect(await recorded('half')).toHaveLength(migrationSql().length)
  })

  it('fail where they were applied already, and change nothing', async () => {
    const [first] = migrationSql({ schema: 'by_us' })
    await expect(pool.query(first?.sql ?? '')).rejects.toMatchObject({ code: '42P07' })
  })

  it('are for a schema with a plain name', () => {
    expect(() => migrationSql({ schema: 'x"; DROP' })).toThrow(TypeError)
  })
})
