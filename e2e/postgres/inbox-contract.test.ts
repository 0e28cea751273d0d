import { postgresInbox } from '@posthorn/postgres/receiver'
import { inboxContract } from '@posthorn/receiver/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Databases, startDatabases } from './databases'

let databases: Databases<ReturnType<typeof postgresInbox>>

beforeAll(async () => {
  databases = await startDatabases((client, schema) => postgresInbox({ client, schema }))
}, 60_000)
afterAll(() => databases?.stop())

inboxContract({
  // Each law has a schema of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'Postgres, own clock, two pools',
  clock: 'own',
  host: 'async',
  create: () => databases.create(),
  reopen: (store) => databases.reopen(store),
})
