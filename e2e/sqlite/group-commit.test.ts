import { type SqliteIdempotency, sqliteIdempotency } from '@posthorn/sqlite/receiver'
import type { SqliteLike } from '@posthorn/sqlite/sender'
import { afterEach, describe, expect, it } from 'vitest'
import { hostHandle } from './fixtures'
import { createFolders } from './folders'

const folders = createFolders()
const stores: SqliteIdempotency[] = []

afterEach(() => {
  for (const store of stores) store.close()
  folders.remove(stores.splice(0))
})

const LEASE = 60_000
const key = (id: string) => ({ source: 'billing', id })

/** The SQL that a handle was asked to run directly, without its statements. */
function watched(db: SqliteLike) {
  const ran: string[] = []
  const handle: SqliteLike = {
    prepare: (sql) => db.prepare(sql),
    exec(sql) {
      ran.push(sql)
      return db.exec(sql)
    },
  }
  return { handle, ran, commits: () => ran.filter((sql) => sql === 'COMMIT').length }
}

async function setUp() {
  const path = folders.file()
  const db = await hostHandle(path)
  const watch = watched(db)
  const store = sqliteIdempotency(watch.handle)
  stores.push(folders.remember(store, path))
  await store.migrate()
  watch.ran.length = 0
  return { db, store, ...watch }
}

const acquire = (store: SqliteIdempotency, id: string) => store.claim(key(id), 'body', LEASE)
const code = (name: string) => expect.objectContaining({ code: name })

describe('the calls of one turn of the event loop', () => {
  it('commit together, each with its own answer', async () => {
    const { store, commits } = await setUp()
    const states = await Promise.all(['a', 'b', 'a', 'c'].map((id) => acquire(store, id)))
    expect(states.map(({ state }) => state)).toEqual([
      'acquired',
      'acquired',
      'in_flight',
      'acquired',
    ])
    expect(commits()).toBe(1)
  })

  it('are done in the order in which they were asked for', async () => {
    const { store, commits } = await setUp()
    const claimed = await acquire(store, 'a')
    if (claimed.state !== 'acquired') throw new TypeError('not acquired')
    const claim = { ...key('a'), token: claimed.token }
    const asked = [
      store.renew(claim, LEASE),
      store.release(claim),
      store.complete(claim, LEASE),
      acquire(store, 'a'),
    ]
    expect(await Promise.all(asked)).toMatchObject([true, true, false, { state: 'acquired' }])
    expect(commits()).toBe(2)
  })

  it('are answered only once they are committed', async () => {
    const { store, commits, db } = await setUp()
    let seen: unknown
    const asked = Promise.resolve(acquire(store, 'a')).then(() => {
      seen = [commits(), db.prepare('SELECT count(*) AS n FROM posthorn_claims').get()]
    })
    expect(commits()).toBe(0)
    await asked
    expect(seen).toMatchObject([1, { n: 1 }])
  })

  it('do not fail with one of them', async () => {
    const { store, db } = await setUp()
    db.exec(`CREATE TRIGGER refuse BEFORE INSERT ON posthorn_claims WHEN new.id = 'bad'
      BEGIN SELECT RAISE(ABORT, 'refused by the test'); END`)
    const asked = ['a', 'bad', 'b'].map((id) => acquire(store, id))
    const [first, bad, last] = await Promise.allSettled(asked)
    expect(bad).toEqual({ status: 'rejected', reason: code('store_failed') })
    expect([first, last]).toMatchObject(Array(2).fill({ value: { state: 'acquired' } }))
    expect((await acquire(store, 'b')).state).toBe('in_flight')
  })

  it('all fail when SQLite gives up the transaction', async () => {
    const { store, db } = await setUp()
    db.exec(`CREATE TRIGGER refuse BEFORE INSERT ON posthorn_claims WHEN new.id = 'bad'
      BEGIN SELECT RAISE(ROLLBACK, 'all of it, by the test'); END`)
    const results = await Promise.allSettled(['a', 'bad'].map((id) => acquire(store, id)))
    expect(results).toEqual(Array(2).fill({ status: 'rejected', reason: code('store_failed') }))
    expect((await acquire(store, 'a')).state).toBe('acquired')
  })

  it('are all refused while the handle is inside a transaction of the host', async () => {
    const { store, db } = await setUp()
    db.exec('BEGIN')
    const results = await Promise.allSettled(['a', 'b'].map((id) => acquire(store, id)))
    db.exec('ROLLBACK')
    expect(results).toEqual(Array(2).fill({ status: 'rejected', reason: code('store_busy') }))
    expect((await acquire(store, 'a')).state).toBe('acquired')
  })

  it('are committed by close, which then refuses more', async () => {
    const { store, commits } = await setUp()
    const asked = acquire(store, 'a')
    store.close()
    expect(commits()).toBe(1)
    expect((await asked).state).toBe('acquired')
    await expect(acquire(store, 'b')).rejects.toEqual(code('store_closed'))
  })
})
