import { sqliteIdempotency } from '@posthorn/sqlite/receiver'
import { openSqlite, type SqliteLike, sqliteStore } from '@posthorn/sqlite/sender'
import { afterEach, describe, expect, it } from 'vitest'
import { addEndpoint, eventTo, everything, hostHandle, newEvent } from './fixtures'
import { createFolders } from './folders'

const folders = createFolders()
const made: object[] = []

afterEach(() => folders.remove(made.splice(0)))

function newFile(): string {
  const path = folders.file()
  made.push(folders.remember({}, path))
  return path
}

const code = (name: string) => expect.objectContaining({ name: 'WebhookError', code: name })

describe('a store in a bad state says which', () => {
  it('not migrated: also to the host', async () => {
    const store = sqliteStore(await openSqlite(':memory:'))
    expect(() => store.host.enqueue([newEvent()])).toThrow(code('store_not_migrated'))
    await expect(store.deliveries.claim(everything)).rejects.toThrow(code('store_not_migrated'))
    await store.migrate()
    store.host.enqueue([newEvent()])
  })

  it('closed: also to the host, and to migrate', async () => {
    const store = sqliteStore(await openSqlite(':memory:'))
    await store.migrate()
    await store.close()
    await store.close()
    expect(() => store.host.enqueue([newEvent()])).toThrow(code('store_closed'))
    await expect(store.migrate()).rejects.toThrow(code('store_closed'))
  })

  it('closed by the host underneath', async () => {
    const db = await hostHandle(newFile())
    const store = sqliteStore(db)
    await store.migrate()
    db.close()
    await expect(store.deliveries.insert([newEvent()])).rejects.toThrow(code('store_closed'))
  })

  it('failed: with the cause, and without what was written', async () => {
    const store = sqliteStore(await openSqlite(':memory:'))
    await store.migrate()
    await addEndpoint(store, 'ep_1')
    const event = eventTo('ep_1')
    await store.deliveries.insert([event])
    const clash = { ...newEvent(), ...(event.fanOut ? { fanOut: event.fanOut } : {}) }
    const inserting = store.deliveries.insert([newEvent(), clash])
    await expect(inserting).rejects.toMatchObject({
      code: 'store_failed',
      cause: expect.anything(),
    })
    const { items } = await store.log.events({ limit: 10 })
    expect(items.map(({ id }) => id)).toEqual([event.id])
  })

  it('failed: the handle is no SQLite database', async () => {
    const strange: SqliteLike = { prepare: () => ({}) as never, exec: () => undefined }
    const store = sqliteStore(strange)
    await expect(store.log.statistics()).rejects.toThrow(code('store_failed'))
  })
})

describe('close', () => {
  it("leaves the host's handle open", async () => {
    const db = await hostHandle(newFile())
    const store = sqliteStore(db)
    await store.migrate()
    await store.close()
    expect(db.prepare('SELECT 1 AS one').all()).toEqual([{ one: 1 }])
    db.close()
  })

  it('closes a handle of openSqlite with the last store on it', async () => {
    const db = await openSqlite(newFile())
    const store = sqliteStore(db)
    const idempotency = sqliteIdempotency(db)
    await store.migrate()
    await idempotency.migrate()
    await store.close()
    expect(idempotency.prune({ limit: 1 })).toBe(0)
    idempotency.close()
    expect(() => db.prepare('SELECT 1')).toThrow()
  })
})

describe('BigInt handles', () => {
  it('are understood', async () => {
    const db = await hostHandle(newFile(), { readBigInts: true })
    const safe: unknown = Reflect.get(db, 'defaultSafeIntegers')
    if (typeof safe === 'function') safe.call(db, true)
    const store = sqliteStore(db)
    await store.migrate()
    await addEndpoint(store, 'ep_1')
    await store.deliveries.insert([eventTo('ep_1')])
    expect(typeof Reflect.get(Object(db.prepare('SELECT 1 AS one').get()), 'one')).toBe('bigint')
    const { deliveries, now } = await store.deliveries.claim(everything)
    const [claimed] = deliveries
    if (!claimed) throw new TypeError('nothing was claimed')
    const attempt = { number: 1, startedAt: now, durationMs: 1, outcome: 'success' as const }
    const next = { status: 'succeeded' as const }
    const settled = await store.deliveries.settle([{ lease: claimed.lease, next, attempt }])
    expect(settled).toEqual(['applied'])
    const { tenantId, deliveryId } = claimed.lease
    expect(await store.log.attempts(tenantId, deliveryId)).toEqual([attempt])
    expect((await store.log.statistics()).succeeded).toBe(1)
    db.close()
  })
})
