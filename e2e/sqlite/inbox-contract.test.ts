import { inboxContract } from '@posthorn/receiver/testing'
import { openSqlite, sqliteInbox } from '@posthorn/sqlite/receiver'
import { describe, it } from 'vitest'
import { createFolders } from './folders'

inboxContract({
  runner: { describe, it },
  name: 'SQLite in memory, fake clock',
  clock: 'fake',
  host: 'sync',
  create: async ({ clock }) => sqliteInbox(await openSqlite(':memory:'), { clock }),
})

const folders = createFolders()

inboxContract({
  // Each law has a file of its own, so their real waits may overlap.
  runner: { describe, it: it.concurrent },
  name: 'SQLite on a file, own clock, two handles',
  clock: 'own',
  host: 'sync',
  create: async () => {
    const path = folders.file()
    return folders.remember(sqliteInbox(await openSqlite(path)), path)
  },
  reopen: async (store) => {
    const path = folders.pathOf(store)
    return folders.remember(sqliteInbox(await openSqlite(path)), path)
  },
  cleanUp: (stores) => folders.remove(stores),
})
