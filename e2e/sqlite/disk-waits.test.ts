import { openSqlite, type SqliteLike, sqliteStore } from '@posthorn/sqlite/sender'
import { afterEach, describe, expect, it } from 'vitest'
import { addEndpoint, claimIds, eventTo } from './fixtures'
import { createFolders } from './folders'

const folders = createFolders()
const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A store with one delivery due, on a handle that notes what commits wait for: 2 is FULL, 1 is NORMAL. */
async function openNoted(setting: string) {
  const path = folders.file()
  const db = await openSqlite(path)
  const waits: unknown[] = []
  const read = () => db.prepare('PRAGMA synchronous').get()
  const noting: SqliteLike = {
    prepare: (sql) => db.prepare(sql),
    exec(sql) {
      if (sql === 'COMMIT') waits.push(read())
      return db.exec(sql)
    },
  }
  const store = sqliteStore(noting)
  closing.push(
    () => folders.remove([store]),
    () => db.close(),
  )
  folders.remember(store, path)
  await store.migrate()
  await addEndpoint(store, 'ep_1')
  await store.deliveries.insert([eventTo('ep_1')])
  db.exec(setting)
  waits.length = 0
  return { db, store, waits, read }
}

const level = (synchronous: number) => expect.objectContaining({ synchronous })

describe('what a commit waits for', () => {
  it('is the disk for events, and not for leases, which a power cut ends anyway', async () => {
    const { store, waits, read } = await openNoted('PRAGMA synchronous = FULL')
    expect(await claimIds(store)).toHaveLength(1)
    await store.deliveries.insert([eventTo('ep_1')])
    expect(waits).toEqual([level(1), level(2)])
    expect(read()).toEqual(level(2))
  })

  it('stays what the host has set', async () => {
    const { store, waits, read } = await openNoted('PRAGMA synchronous = OFF')
    expect(await claimIds(store)).toHaveLength(1)
    expect(waits).toEqual([level(0)])
    expect(read()).toEqual(level(0))
  })

  it('is the disk for all where the journal is no WAL, as a commit that does not wait could harm the file', async () => {
    const { store, waits } = await openNoted('PRAGMA journal_mode = DELETE')
    expect(await claimIds(store)).toHaveLength(1)
    expect(waits).toEqual([level(2)])
  })

  it('is nothing for a claim that finds nothing: it opens no transaction', async () => {
    const { store, waits } = await openNoted('PRAGMA synchronous = FULL')
    expect(await claimIds(store)).toHaveLength(1)
    expect(await claimIds(store)).toEqual([])
    expect(waits).toEqual([level(1)])
  })

  it("is left as it is inside the host's transaction, where a claim is refused as busy", async () => {
    const { db, store, read } = await openNoted('PRAGMA synchronous = FULL')
    db.exec('BEGIN')
    await expect(claimIds(store)).rejects.toMatchObject({ code: 'store_busy' })
    db.exec('ROLLBACK')
    expect(read()).toEqual(level(2))
    expect(await claimIds(store)).toHaveLength(1)
  })
})
