import { PGlite } from '@electric-sql/pglite'
import { postgresStore } from '@posthorn/postgres/sender'
import { storeContract } from '@posthorn/sender/testing'
import { afterAll, describe, expect, it } from 'vitest'

let schemas = 0
let shared: Promise<PGlite> | undefined

afterAll(async () => (await shared)?.close())

/** One database for all laws: it takes seconds to start. */
const open = (): Promise<PGlite> => {
  shared ??= PGlite.create()
  return shared
}

storeContract({
  runner: { describe, it: it.concurrent },
  name: 'PGlite, own clock, one connection',
  clock: 'own',
  host: 'async',
  create: async () => {
    schemas += 1
    const schema = `posthorn_${schemas}`
    return postgresStore({ client: await open(), schema })
  },
  skip: {
    'history: a reader that pages forward misses no event that is committed late':
      'nothing else runs while its one connection has a transaction',
  },
})

it('rejects the transaction in which the host hid the failure of a statement', async () => {
  const store = postgresStore({ client: await open(), schema: 'hiding' })
  const hiding = store.host.transaction((tx) =>
    Promise.resolve(tx.query('SELECT 1 / 0')).then(
      () => 'answered',
      () => 'hidden',
    ),
  )
  await expect(hiding).rejects.toMatchObject({ code: 'store_failed' })
})
