import { PGlite } from '@electric-sql/pglite'
import { postgresInbox } from '@posthorn/postgres/receiver'
import { inboxContract } from '@posthorn/receiver/testing'
import { afterAll, describe, it } from 'vitest'

const pglite = new PGlite()
let schemas = 0

afterAll(() => pglite.close())

inboxContract({
  runner: { describe, it },
  name: 'PGlite, own clock',
  clock: 'own',
  host: 'async',
  create: () => {
    schemas += 1
    return postgresInbox({ client: pglite, schema: `law_${schemas}` })
  },
})
