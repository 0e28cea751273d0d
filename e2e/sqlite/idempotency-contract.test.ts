import { idempotencyContract } from '@posthorn/receiver/testing'
import { sqliteIdempotency } from '@posthorn/sqlite/receiver'
import { openSqlite } from '@posthorn/sqlite/sender'
import { describe, it } from 'vitest'
import { onFiles } from './folders'

idempotencyContract({
  runner: { describe, it },
  name: 'SQLite in memory, fake clock',
  clock: 'fake',
  host: 'sync',
  create: async ({ clock }) => sqliteIdempotency(await openSqlite(':memory:'), { clock }),
})

idempotencyContract({
  // Each law has a file of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'SQLite on a file, own clock, two handles',
  clock: 'own',
  host: 'sync',
  ...onFiles(async (path) => sqliteIdempotency(await openSqlite(path))),
})
