import { setTimeout as sleep } from 'node:timers/promises'
import { createSender } from '@posthorn/sender'
import { recordingTransport } from '@posthorn/sender/testing'
import { openSqlite, sqliteStore } from '@posthorn/sqlite/sender'
import { afterEach, describe, expect, it } from 'vitest'
import {
  addEndpoint,
  claimIds,
  eventIds,
  eventTo,
  everything,
  hostHandle,
  newEvent,
} from './fixtures'
import { createFolders } from './folders'

const folders = createFolders()
const closing: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A database with one endpoint, the worker's store on a handle of its own or on the host's. */
async function openDatabase(handles: 'shared' | 'separate') {
  const path = folders.file()
  const db = await hostHandle(path)
  const store = sqliteStore(handles === 'shared' ? db : await openSqlite(path))
  closing.push(
    () => folders.remove([store]),
    () => db.close(),
    () => store.close(),
  )
  folders.remember(store, path)
  await store.migrate()
  await addEndpoint(store, 'ep_1')
  return { db, store }
}

function countOrders(db: Awaited<ReturnType<typeof hostHandle>>): unknown {
  return db.prepare('SELECT id FROM orders').all()
}

describe.each(['shared', 'separate'] as const)("the host's transaction, %s handles", (handles) => {
  it('sends nothing when it is rolled back after an await', async () => {
    const { db, store } = await openDatabase(handles)
    db.exec('BEGIN')
    db.exec("INSERT INTO orders VALUES ('o1')")
    store.host.enqueue([newEvent()], db)
    await sleep(5)
    db.exec('ROLLBACK')
    expect(await eventIds(store)).toEqual([])
    const { events } = await store.deliveries.claimEvents({ limit: 10, leaseMs: 1_000 })
    expect(events).toEqual([])
    expect(countOrders(db)).toEqual([])
  })

  it('sends what was enqueued once it is committed', async () => {
    const { db, store } = await openDatabase(handles)
    db.exec('BEGIN')
    db.exec("INSERT INTO orders VALUES ('o1')")
    const event = newEvent()
    expect(store.host.enqueue([event], db)).toEqual([
      { eventId: event.id, duplicate: false, deliveries: 0 },
    ])
    db.exec('COMMIT')
    const { events } = await store.deliveries.claimEvents({ limit: 10, leaseMs: 1_000 })
    expect(events.map(({ id }) => id)).toEqual([event.id])
    expect(countOrders(db)).toHaveLength(1)
  })

  it('keeps a batch whole: when one event fails, the others of the batch go and the rest stays', async () => {
    const { db, store } = await openDatabase(handles)
    const twice = eventTo('ep_1')
    const clash = newEvent(twice.fanOut ? { fanOut: twice.fanOut } : {})
    db.exec('BEGIN')
    db.exec("INSERT INTO orders VALUES ('o1')")
    const first = newEvent()
    store.host.enqueue([first], db)
    expect(() => store.host.enqueue([newEvent(), twice, clash], db)).toThrow(
      expect.objectContaining({ code: 'store_failed' }),
    )
    db.exec('COMMIT')
    expect(await eventIds(store)).toEqual([first.id])
    expect(countOrders(db)).toHaveLength(1)
  })

  it('knows a duplicate of an event that it enqueued itself', async () => {
    const { db, store } = await openDatabase(handles)
    const event = newEvent({ idempotencyKey: 'order-1' })
    db.exec('BEGIN')
    store.host.enqueue([event], db)
    const [answer] = store.host.enqueue([newEvent({ idempotencyKey: 'order-1' })], db)
    db.exec('COMMIT')
    expect(answer).toEqual({ eventId: event.id, duplicate: true, deliveries: 0 })
    expect(await eventIds(store)).toEqual([event.id])
  })

  it('needs no transaction', async () => {
    const { db, store } = await openDatabase(handles)
    const event = newEvent()
    store.host.enqueue([event], db)
    store.host.enqueue([event])
    expect(await eventIds(store)).toEqual([event.id])
  })

  it.each(['ROLLBACK', 'COMMIT'])(
    'leaves a settlement alone: refused or done meanwhile, it holds after %s',
    async (end) => {
      const { db, store } = await openDatabase(handles)
      await store.deliveries.insert([eventTo('ep_1')])
      const { deliveries } = await store.deliveries.claim(everything)
      const settlements = deliveries.map(({ lease }) => ({
        lease,
        next: { status: 'succeeded' as const },
      }))
      db.exec('BEGIN IMMEDIATE')
      db.exec("INSERT INTO orders VALUES ('o1')")
      await expect(store.deliveries.settle(settlements)).rejects.toMatchObject({
        code: 'store_busy',
      })
      await sleep(1)
      db.exec(end)
      expect(await store.deliveries.settle(settlements)).toEqual(['applied'])
      expect((await store.log.statistics()).succeeded).toBe(1)
      expect(countOrders(db)).toHaveLength(end === 'COMMIT' ? 1 : 0)
    },
  )

  it('refuses every other write of the store, and takes it afterwards', async () => {
    const { db, store } = await openDatabase(handles)
    await store.deliveries.insert([eventTo('ep_1')])
    db.exec('BEGIN IMMEDIATE')
    const busy = { code: 'store_busy' }
    await expect(store.deliveries.insert([eventTo('ep_1')])).rejects.toMatchObject(busy)
    await expect(store.deliveries.claim(everything)).rejects.toMatchObject(busy)
    await expect(addEndpoint(store, 'ep_2')).rejects.toMatchObject(busy)
    await expect(store.retention.prune({ limit: 1 })).rejects.toMatchObject(busy)
    db.exec('COMMIT')
    await store.deliveries.insert([eventTo('ep_1')])
    expect(await claimIds(store)).toHaveLength(2)
  })

  it('does not let a running worker see, lose or repeat anything', async () => {
    const { db, store } = await openDatabase(handles)
    const transport = recordingTransport(async () => {
      // The host's transaction is open while the outcome arrives.
      db.exec('BEGIN IMMEDIATE')
      db.exec("INSERT INTO orders VALUES ('o1')")
      setTimeout(() => db.exec('ROLLBACK'), 80)
      return 204
    })
    const sender = createSender({ store, transport })
    await sender.endpoints.create({ url: 'https://example.com/hooks', eventTypes: ['order.*'] })
    const { eventId } = await sender.send({ type: 'order.placed', data: {} })
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
    const { items } = await sender.deliveries.list({ eventId })
    expect(items.filter(({ endpointId }) => endpointId !== 'ep_1')).toMatchObject([
      { status: 'succeeded' },
    ])
    expect(transport.requests).toHaveLength(1)
    expect(countOrders(db)).toEqual([])
    await sender.stop()
  })
})

describe('a second connection', () => {
  it('makes enqueue store_busy while it writes, and the host may try again', async () => {
    const { db, store } = await openDatabase('separate')
    const other = await hostHandle(folders.pathOf(store))
    closing.push(() => other.close())
    other.exec('BEGIN IMMEDIATE')
    expect(() => store.host.enqueue([newEvent()], db)).toThrow(
      expect.objectContaining({ code: 'store_busy' }),
    )
    other.exec('COMMIT')
    store.host.enqueue([newEvent()], db)
    expect(await eventIds(store)).toHaveLength(1)
  })

  it('wakes the worker of another process soon after its commit', async () => {
    const { db, store } = await openDatabase('separate')
    let calls = 0
    const unsubscribe = store.deliveries.subscribe?.(() => {
      calls += 1
    })
    await store.deliveries.insert([eventTo('ep_1')])
    await sleep(120)
    expect(calls, 'own commits are no news').toBe(0)
    store.host.enqueue([newEvent()], db)
    await expect.poll(() => calls, { timeout: 2_000 }).toBe(1)
    unsubscribe?.()
    store.host.enqueue([newEvent()], db)
    await sleep(120)
    expect(calls).toBe(1)
  })
})

describe('a handle of another SQLite library', () => {
  it('is refused, as their locks do not see each other', async () => {
    const { db, store } = await openDatabase('shared')
    const foreign: typeof db = {
      prepare: (sql) =>
        db.prepare(sql.replace('sqlite_source_id()', "'2000-01-01 of another library'")),
      exec: (sql) => db.exec(sql),
      close: () => undefined,
    }
    expect(() => store.host.enqueue([newEvent()], foreign)).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    )
    expect(await eventIds(store)).toEqual([])
  })
})
