// Both contract suites over one driver, from the built packages: node --test contract.mjs, the driver's name in POSTHORN_DRIVER.
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { idempotencyContract } from '../../../packages/receiver/dist/testing.js'
import { storeContract } from '../../../packages/sender/dist/testing.js'
import { sqliteIdempotency } from '../../../packages/sqlite/dist/receiver.js'
import { openSqlite, sqliteStore } from '../../../packages/sqlite/dist/sender.js'

const require = createRequire(import.meta.url)
const runner = { describe, it }
const name = process.env.POSTHORN_DRIVER ?? 'node:sqlite'
const paths = new Map()

/** As a host opens it, with settings of its own. */
function open(path) {
  const driver = require(name)
  const db = new (driver.DatabaseSync ?? driver)(path)
  db.exec('PRAGMA journal_mode = WAL')
  db.exec('PRAGMA busy_timeout = 1000')
  return db
}

function suiteOn(makeStore) {
  const create = ({ clock }, path = join(mkdtempSync(join(tmpdir(), 'posthorn-')), 'test.db')) => {
    const db = open(path)
    const store = makeStore(db, { clock })
    paths.set(store, { path, db })
    return store
  }
  return {
    runner,
    clock: 'fake',
    host: 'sync',
    create: (context) => create(context),
    reopen: (store, context) => create(context, paths.get(store).path),
    cleanUp(stores) {
      for (const store of stores) {
        const { path, db } = paths.get(store)
        db.close()
        rmSync(dirname(path), { recursive: true, force: true })
      }
    },
  }
}

storeContract({ ...suiteOn(sqliteStore), name: `sqliteStore on ${name}` })
idempotencyContract({ ...suiteOn(sqliteIdempotency), name: `sqliteIdempotency on ${name}` })

it('openSqlite finds the driver', async () => {
  const db = await openSqlite(':memory:', { driver: name })
  const store = sqliteStore(db)
  await store.migrate()
  await store.close()
})
