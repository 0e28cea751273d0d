import { type PostgresStore, postgresStore } from '@posthorn/postgres/sender'
import { shardedStore } from '@posthorn/sender/sharded'
import { storeContract } from '@posthorn/sender/testing'
import type { Pool } from 'pg'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { openPool } from '../../postgres/connections'
import { startDatabase } from '../../postgres/own-database'
import type { Server } from '../../postgres/server'

/** Two servers, as shards are. */
let servers: readonly Server[] = []
let pools: readonly Pool[] = []
const schemas = new Map<object, string>()

beforeAll(async () => {
  servers = await Promise.all([startDatabase(), startDatabase()])
  pools = servers.map(({ url }) => openPool(url, { max: 8 }))
}, 60_000)

afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()))
  await Promise.all(servers.map((server) => server.stop()))
})

/** The tenants of the laws live apart. */
function open(schema: string) {
  const [one, other] = pools.map((client): PostgresStore => postgresStore({ client, schema }))
  if (one === undefined || other === undefined) throw new TypeError('no pools yet')
  const store = shardedStore({
    shards: { one, other },
    shardOf: (tenantId) => (tenantId.length % 2 === 0 ? 'one' : 'other'),
  })
  schemas.set(store, schema)
  return store
}

storeContract({
  // Each law has a schema of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'two Postgres databases as shards, own clocks',
  clock: 'own',
  host: 'async',
  create: () => open(`posthorn_${schemas.size}`),
  reopen: (store) => open(schemas.get(store) ?? ''),
  skip: {
    'host: what a transaction enqueued waits to be matched once it resolves':
      'a transaction is of one shard, which only the host knows',
    'host: what a transaction enqueued with its deliveries is due once it resolves':
      'a transaction is of one shard, which only the host knows',
    'host: a transaction writes nothing of an event that was matched before a change':
      'a transaction is of one shard, which only the host knows',
    'host: a transaction that rejects leaves nothing':
      'a transaction is of one shard, which only the host knows',
    'history: a reader that pages forward misses no event that is committed late':
      'a transaction is of one shard, which only the host knows',
    "claim: answers the store's now, from which the lease runs":
      'there are two clocks, and the answer is the later one',
  },
})
