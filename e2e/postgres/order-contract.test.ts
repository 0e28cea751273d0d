import { PGlite } from '@electric-sql/pglite'
import { type PgHostClient, postgresIdempotency, postgresOrder } from '@posthorn/postgres/receiver'
import { orderContract } from '@posthorn/receiver/testing'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { openPool } from './connections'
import { startDatabase } from './own-database'
import type { Server } from './server'

let server: Server | undefined
const pools: Pool[] = []
let schemas = 0

beforeAll(async () => {
  server = await startDatabase()
  for (let count = 0; count < 2; count += 1) pools.push(openPool(server.url, {}))
}, 60_000)

afterAll(async () => {
  for (const pool of pools) await pool.end()
  await server?.stop()
})

const opened = new WeakMap<object, { readonly client: PgHostClient; readonly schema: string }>()

function open(client: PgHostClient | undefined, schema = newSchema()) {
  if (!client) throw new TypeError('no client')
  const store = postgresOrder({ client, schema })
  opened.set(store, { client, schema })
  return store
}

function newSchema(): string {
  schemas += 1
  return `order_law_${schemas}`
}

/** Of the idempotency store beside it, as the receiver has it. */
function transaction<Result>(store: object, work: (tx: unknown) => Promise<Result>) {
  const of = opened.get(store)
  if (!of) throw new TypeError('no client')
  return postgresIdempotency(of).host.transaction(work)
}

orderContract({
  // Each law has a schema of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'Postgres, own clock, two pools',
  clock: 'own',
  host: { kind: 'async', transaction },
  create: () => open(pools[0]),
  reopen: (store) => open(pools[1], opened.get(store)?.schema),
})

const pglite = new PGlite()
afterAll(() => pglite.close())

const oneConnection = 'PGlite has one connection, so that no two transactions are open at once'

orderContract({
  runner: { describe, it },
  name: 'PGlite, own clock',
  clock: 'own',
  host: { kind: 'async', transaction },
  create: () => open(pglite),
  skip: {
    'host: an older version waits for the newer one, and is refused': oneConnection,
    'host: a newer version waits for the older one, and stays': oneConnection,
  },
})
