import { shardedStore } from '@posthorn/sender/sharded'
import { storeContract } from '@posthorn/sender/testing'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { describe, it } from 'vitest'

storeContract({
  runner: { describe, it },
  name: 'two SQLite databases as shards, fake clock',
  clock: 'fake',
  host: 'sync',
  create: async ({ clock }) =>
    shardedStore({
      shards: {
        even: sqliteStore(await openSqlite(':memory:'), { clock }),
        odd: sqliteStore(await openSqlite(':memory:'), { clock }),
      },
      shardOf: (tenantId) => (tenantId.length % 2 === 0 ? 'even' : 'odd'),
    }),
})
