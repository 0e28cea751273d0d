import { idempotencyContract } from '@posthorn/receiver/testing'
import { sqliteIdempotency } from '@posthorn/sqlite/receiver'
import { openSqlite } from '@posthorn/sqlite/sender'
import { describe, it } from 'vitest'
import { createFolders } from './folders'

idempotencyContract({
  runner: { describe, it },
  name: 'SQLite in memory, fake clock',
  clock: 'fake',
  host: 'sync',
  create: async ({ clock }) => sqliteIdempotency(await openSqlite(':memory:'), { clock }),
})

const folders = createFolders()

idempotencyContract({
  // Each law has a file of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'SQLite on a file, own clock, two handles',
  clock: 'own',
  host: 'sync',
  create: async () => {
    const path = folders.file()
    return folders.remember(sqliteIdempotency(await openSqlite(path)), path)
  },
  reopen: async (store) => {
    const path = folders.pathOf(store)
    return folders.remember(sqliteIdempotency(await openSqlite(path)), path)
  },
  cleanUp: (stores) => folders.remove(stores),
})
