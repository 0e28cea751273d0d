import { postgresStore } from '@posthorn/postgres/sender'
import { storeContract } from '@posthorn/sender/testing'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPool } from '../../postgres/connections'
import { startDatabase } from '../../postgres/own-database'
import type { Server } from '../../postgres/server'
import { type Bouncer, hasPgBouncer, startPgBouncer } from './pgbouncer'

const sessions = 6
const there = hasPgBouncer()
if (!there) console.log('PgBouncer: skipped, for `pgbouncer` is not on the PATH')

describe.skipIf(!there)('behind PgBouncer', () => {
  let server: Server
  let bouncer: Bouncer
  let pool: pg.Pool
  let schemas = 0
  const schemaOf = new WeakMap<object, string>()

  beforeAll(async () => {
    server = await startDatabase()
    bouncer = await startPgBouncer(server.url, sessions)
    pool = openPool(bouncer.url, { max: 24 })
  }, 60_000)

  afterAll(async () => {
    await pool?.end()
    await bouncer?.stop()
    await server?.stop()
  })

  function open(schema: string) {
    const store = postgresStore({ client: pool, schema })
    schemaOf.set(store, schema)
    return store
  }

  storeContract({
    runner: { describe, it: it.concurrent },
    name: 'Postgres, through PgBouncer in transaction mode',
    clock: 'own',
    host: 'async',
    create: () => {
      schemas += 1
      return open(`bounced_${schemas}`)
    },
    reopen: (store) => open(schemaOf.get(store) ?? ''),
  })

  it('whose sessions are fewer than the clients they serve', async () => {
    const asked = Array.from({ length: 24 }, () =>
      pool.query('SELECT pg_backend_pid()::text AS pid, pg_sleep(0.05)::text AS slept'),
    )
    const pids = new Set((await Promise.all(asked)).map(({ rows }) => String(rows[0]?.pid)))
    expect(pool.totalCount).toBeGreaterThan(sessions)
    expect(pids.size).toBeLessThanOrEqual(sessions)
  })
})
