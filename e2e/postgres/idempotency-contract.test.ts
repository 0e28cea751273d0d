import { PGlite } from '@electric-sql/pglite'
import { postgresIdempotency } from '@posthorn/postgres/receiver'
import { idempotencyContract } from '@posthorn/receiver/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { type Databases, startDatabases } from './databases'

let databases: Databases<ReturnType<typeof postgresIdempotency>>

beforeAll(async () => {
  databases = await startDatabases((client, schema) => postgresIdempotency({ client, schema }))
}, 60_000)
afterAll(() => databases?.stop())

idempotencyContract({
  // Each law has a schema of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'Postgres, own clock, two pools',
  clock: 'own',
  host: 'async',
  create: () => databases.create(),
  reopen: (store) => databases.reopen(store),
})

const pglite = new PGlite()
let schemas = 0
afterAll(() => pglite.close())

idempotencyContract({
  runner: { describe, it },
  name: 'PGlite, own clock',
  clock: 'own',
  host: 'async',
  create: () => {
    schemas += 1
    return postgresIdempotency({ client: pglite, schema: `law_${schemas}` })
  },
})
