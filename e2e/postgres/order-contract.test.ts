import { PGlite } from '@electric-sql/pglite'
import { type PgHostClient, postgresIdempotency, postgresOrder } from '@posthorn/postgres/receiver'
import { orderContract } from '@posthorn/receiver/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Databases, startDatabases } from './databases'

const opened = new WeakMap<object, { readonly client: PgHostClient; readonly schema: string }>()

function open(client: PgHostClient, schema: string) {
  const store = postgresOrder({ client, schema })
  opened.set(store, { client, schema })
  return store
}

let databases: Databases<ReturnType<typeof open>>

beforeAll(async () => {
  databases = await startDatabases(open)
}, 60_000)
afterAll(() => databases?.stop())

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
  create: () => databases.create(),
  reopen: (store) => databases.reopen(store),
})

const pglite = new PGlite()
let schemas = 0
afterAll(() => pglite.close())

const oneConnection = 'PGlite has one connection, so that no two transactions are open at once'

orderContract({
  runner: { describe, it },
  name: 'PGlite, own clock',
  clock: 'own',
  host: { kind: 'async', transaction },
  create: () => {
    schemas += 1
    return open(pglite, `law_${schemas}`)
  },
  skip: {
    'host: an older version waits for the newer one, and is refused': oneConnection,
    'host: a newer version waits for the older one, and stays': oneConnection,
  },
})
