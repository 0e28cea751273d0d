import { inboxContract } from '@posthorn/receiver/testing'
import { openSqlite, sqliteInbox } from '@posthorn/sqlite/receiver'
import { describe, it } from 'vitest'
import { onFiles } from './folders'

inboxContract({
  runner: { describe, it },
  name: 'SQLite in memory, fake clock',
  clock: 'fake',
  host: 'sync',
  create: async ({ clock }) => sqliteInbox(await openSqlite(':memory:'), { clock }),
})

inboxContract({
  // Each law has a file of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'SQLite on a file, own clock, two handles',
  clock: 'own',
  host: 'sync',
  ...onFiles(async (path) => sqliteInbox(await openSqlite(path))),
})
