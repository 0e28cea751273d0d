import { type PostgresStore, postgresStore } from '@posthorn/postgres/sender'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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

const day = 86_400_000
const nameOf = (time: number): string =>
  `attempts_${new Date(time).toISOString().slice(0, 10).replaceAll('-', '')}`

async function partitions(schema: string): Promise<readonly string[]> {
  const { rows } = await pool.query(
    `SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relispartition AND relkind = 'r' ORDER BY 1`,
    [schema],
  )
  return rows.map(({ relname }) => relname)
}

/** A store with `rows` attempts of so many days ago, in a partition of their own. */
async function withOld(schema: string, rows: number, days: number): Promise<PostgresStore> {
  const store = postgresStore({ client: pool, schema })
  await store.migrate()
  const start = Math.floor(Date.now() / day - days) * day
  await pool.query(
    `CREATE TABLE ${schema}.${nameOf(start)} PARTITION OF ${schema}.attempts FOR VALUES FROM (${start}) TO (${start + day})`,
  )
  await addAttempts(schema, rows, start)
  return store
}

async function addAttempts(schema: string, rows: number, start: number): Promise<void> {
  await pool.query(`INSERT INTO ${schema}.attempts (tenant_id, delivery_id, number, started_at, duration_ms, outcome)
    SELECT 'default', 'dlv_' || n, 1, ${start} + n, 1, 'success' FROM generate_series(1, ${rows}) n; ANALYZE ${schema}.attempts`)
}

/** What one call of prune writes ahead of the tables, and what it deletes row by row. */
async function costOf(schema: string, work: () => Promise<unknown>) {
  const read = async () => {
    const { rows } = await pool.query(
      `SELECT pg_current_wal_insert_lsn() - '0/0' AS wal, coalesce(sum(pg_stat_get_xact_tuples_deleted(oid)), 0) AS deleted
       FROM pg_class WHERE relnamespace = $1::regnamespace`,
      [schema],
    )
    return Number(rows[0]?.wal)
  }
  const before = await read()
  await work()
  return (await read()) - before
}

describe('prune', () => {
  it('drops a day of attempts as one table, whatever it holds', async () => {
    const small = await withOld('few', 10, 40)
    const large = await withOld('many', 50_000, 40)
    const terms = { attempts: 30 * day, limit: 100 }
    const few = await costOf('few', () => small.retention.prune(terms))
    let pruned: unknown
    const many = await costOf('many', async () => {
      pruned = await large.retention.prune(terms)
    })
    expect(pruned).toEqual({ payloads: 0, attempts: 50_000, deliveries: 0, events: 0 })
    expect(await partitions('many')).not.toContain(nameOf(Date.now() - 40 * day))
    // Row by row it would write some 60 bytes for each of the 50,000.
    expect(many).toBeLessThan(few + 500_000)
  })

  it('keeps a day of which any attempt is young enough', async () => {
    const store = await withOld('young', 10, 29)
    const kept = await partitions('young')
    expect(await store.retention.prune({ attempts: 30 * day, limit: 100 })).toMatchObject({
      attempts: 0,
    })
    expect(await partitions('young')).toEqual(kept)
  })

  it.each([
    ['ahead', { attempts: 30 * day }],
    ['kept_for_ever', {}],
  ])('makes the partitions of today and the three days to come: %s', async (schema, terms) => {
    const store = postgresStore({ client: pool, schema })
    await store.migrate()
    for (const name of await partitions(schema)) {
      if (name !== 'attempts_other') await pool.query(`DROP TABLE ${schema}.${name}`)
    }
    await store.retention.prune({ ...terms, limit: 100 })
    const now = Date.now()
    expect(await partitions(schema)).toEqual([
      ...[0, 1, 2, 3].map((days) => nameOf(now + days * day)),
      'attempts_other',
    ])
  })

  it('deletes in batches what lies in the default partition', async () => {
    const store = postgresStore({ client: pool, schema: 'unpruned' })
    await store.migrate()
    await addAttempts('unpruned', 250, Date.now() - 40 * day)
    const counts: number[] = []
    for (let call = 0; call < 4; call += 1) {
      counts.push((await store.retention.prune({ attempts: 30 * day, limit: 100 })).attempts)
    }
    expect(counts).toEqual([100, 100, 50, 0])
  })

  it('of four at once drops each day once, and none fails', async () => {
    const store = await withOld('together', 10, 40)
    const calls = Array.from({ length: 4 }, () =>
      store.retention.prune({ attempts: 30 * day, limit: 100 }),
    )
    await Promise.all(calls)
    expect(await partitions('together')).not.toContain(nameOf(Date.now() - 40 * day))
  })

  it('gives way to whoever reads the log, instead of holding up the workers behind it', async () => {
    const store = await withOld('read', 10, 40)
    const reader = await pool.connect()
    await reader.query('BEGIN; SELECT count(*) FROM read.attempts')
    const pruning = store.retention.prune({ attempts: 30 * day, limit: 100 })
    await expect(pruning).rejects.toMatchObject({ code: 'store_busy', cause: { code: '55P03' } })
    await reader.query('ROLLBACK')
    reader.release()
    await store.retention.prune({ attempts: 30 * day, limit: 100 })
    expect(await partitions('read')).not.toContain(nameOf(Date.now() - 40 * day))
  })
})
