import { type PostgresStore, postgresStore } from '@posthorn/postgres/sender'
import { storeContract } from '@posthorn/sender/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Databases, startDatabases } from './databases'

let databases: Databases<PostgresStore>

beforeAll(async () => {
  databases = await startDatabases((client, schema) => postgresStore({ client, schema }))
}, 60_000)
afterAll(() => databases?.stop())

storeContract({
  // Each law has a schema of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'Postgres, own clock, two pools',
  clock: 'own',
  host: 'async',
  create: () => databases.create(),
  reopen: (store) => databases.reopen(store),
})
