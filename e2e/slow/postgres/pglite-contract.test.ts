import { PGlite } from '@electric-sql/pglite'
import { type PostgresStore, postgresStore } from '@posthorn/postgres/sender'
import type { SenderStore } from '@posthorn/sender'
import { storeContract } from '@posthorn/sender/testing'
import { afterAll, describe, expect, it } from 'vitest'

interface Database {
  readonly pglite: Promise<PGlite>
  /** Stores that were made on it, and those of them that are in use. */
  made: number
  used: number
}

/** It takes seconds to start, and each schema is made more slowly than the one before. */
const most = 25
const databases = new Map<SenderStore, Database>()
let latest: Database | undefined

function takeDatabase(): Database {
  if (latest === undefined || latest.made === most)
    latest = { pglite: PGlite.create(), made: 0, used: 0 }
  latest.made += 1
  latest.used += 1
  return latest
}

async function giveBack(store: SenderStore): Promise<void> {
  const database = databases.get(store)
  if (database === undefined) return
  databases.delete(store)
  database.used -= 1
  if (database.made === most && database.used === 0) await (await database.pglite).close()
}

async function create(): Promise<PostgresStore> {
  const database = takeDatabase()
  const schema = `posthorn_${database.made}`
  const store = postgresStore({ client: await database.pglite, schema })
  databases.set(store, database)
  return store
}

afterAll(async () => {
  if (latest !== undefined && latest.made < most) await (await latest.pglite).close()
})

storeContract({
  runner: { describe, it: it.concurrent },
  name: 'PGlite, own clock, one connection',
  clock: 'own',
  host: 'async',
  create,
  cleanUp: async (stores) => {
    for (const store of stores) await giveBack(store)
  },
  skip: {
    'history: a reader that pages forward misses no event that is committed late':
      'nothing else runs while its one connection has a transaction',
  },
})

it('rejects the transaction in which the host hid the failure of a statement', async () => {
  const store = await create()
  const hiding = store.host.transaction((tx) =>
    Promise.resolve(tx.query('SELECT 1 / 0')).then(
      () => 'answered',
      () => 'hidden',
    ),
  )
  await expect(hiding).rejects.toMatchObject({ code: 'store_failed' })
  await giveBack(store)
})
