import { postgresInbox } from '@posthorn/postgres/receiver'
import { inboxContract } from '@posthorn/receiver/testing'
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
  for (let count = 0; count < 2; count += 1) pools.push(openPool(server.url))
}, 60_000)

afterAll(async () => {
  for (const pool of pools) await pool.end()
  await server?.stop()
})

const schemaOf = new WeakMap<object, string>()

function open(pool: Pool | undefined, schema: string) {
  if (!pool) throw new TypeError('no pool')
  const store = postgresInbox({ client: pool, schema })
  schemaOf.set(store, schema)
  return store
}

function newSchema(): string {
  schemas += 1
  return `law_${schemas}`
}

inboxContract({
  // Each law has a schema of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'Postgres, own clock, two pools',
  clock: 'own',
  host: 'async',
  create: () => open(pools[0], newSchema()),
  reopen: (store) => open(pools[1], schemaOf.get(store) ?? ''),
})
