import { storeContract } from '@posthorn/sender/testing'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { describe, it } from 'vitest'
import { onFiles } from './folders'

storeContract({
  runner: { describe, it },
  name: 'SQLite in memory, fake clock',
  clock: 'fake',
  host: 'sync',
  create: async ({ clock }) => sqliteStore(await openSqlite(':memory:'), { clock }),
})

storeContract({
  // Each law has a file of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'SQLite on a file, own clock, two handles',
  clock: 'own',
  host: 'sync',
  ...onFiles(async (path) => sqliteStore(await openSqlite(path))),
})
