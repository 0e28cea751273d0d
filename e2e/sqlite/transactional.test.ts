import { createReceiver } from '@posthorn/receiver'
import { signTestRequest } from '@posthorn/receiver/testing'
import { sqliteIdempotency, sqliteOrder } from '@posthorn/sqlite/receiver'
import { describe, expect, it } from 'vitest'
import { hostHandle } from './fixtures'
import { createFolders } from './folders'

const folders = createFolders()
const secret = `whsec_${btoa('q'.repeat(32))}`
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const signed = (id: string) =>
  signTestRequest(
    { id, type: 'order.paid', timestamp: '2026-01-31T12:00:00Z', data: {} },
    { secret },
  )

async function setUp() {
  const path = folders.file()
  const db = await hostHandle(path)
  const store = sqliteIdempotency(db)
  const receiver = createReceiver({
    secrets: secret,
    logger,
    idempotency: { store, source: 'shop', transactional: true },
  })
  await receiver.migrate()
  const insert = db.prepare('INSERT INTO orders (id) VALUES (?)')
  const orders = () => db.prepare('SELECT id FROM orders').all().length
  const end = async () => {
    await receiver.close()
    folders.remove([folders.remember({}, path)])
  }
  return { db, receiver, insert, orders, end, path }
}

describe('transactional mode on SQLite', () => {
  it('commits what onCommit was given with the record that the handler ran', async () => {
    const { receiver, orders, end } = await setUp()
    receiver.on('order.paid', ({ id }, { onCommit }) => {
      onCommit((tx) => tx.exec(`INSERT INTO orders (id) VALUES ('${id}')`))
      expect(orders()).toBe(0)
    })
    expect((await receiver.receive(await signed('a'))).status).toBe(200)
    expect((await receiver.receive(await signed('a'))).body).toBe('{"code":"duplicate"}')
    expect(orders()).toBe(1)
    await end()
  })

  it('rolls all back when one function fails, and a retry runs at once', async () => {
    const { receiver, insert, orders, end } = await setUp()
    let fails = true
    receiver.on('order.paid', ({ id }, { onCommit }) => {
      onCommit(() => void insert.run(id))
      onCommit(() => {
        if (fails) throw new Error('boom')
      })
    })
    expect((await receiver.receive(await signed('a'))).body).toBe('{"code":"handler_failed"}')
    expect(orders()).toBe(0)
    fails = false
    expect((await receiver.receive(await signed('a'))).status).toBe(200)
    expect(orders()).toBe(1)
    await end()
  })

  it('leaves the effect to whoever took the claim over', async () => {
    const { db, receiver, insert, orders, end } = await setUp()
    receiver.on('order.paid', ({ id }, { onCommit }) => {
      onCommit(() => void insert.run(id))
      db.exec(`UPDATE posthorn_claims SET token = 'another'`)
    })
    expect((await receiver.receive(await signed('a'))).body).toBe('{"code":"lease_lost"}')
    expect(orders()).toBe(0)
    await end()
  })

  it('holds no lock while a handler waits: others write meanwhile', async () => {
    const { receiver, insert, orders, end, path } = await setUp()
    const other = await hostHandle(path)
    let finish = () => {}
    let began = () => {}
    const running = new Promise<void>((resolve) => {
      began = resolve
    })
    receiver.on('order.paid', async ({ id }, { onCommit }) => {
      onCommit(() => void insert.run(id))
      began()
      await new Promise<void>((resolve) => {
        finish = resolve
      })
    })
    const result = receiver.receive(await signed('a'))
    await running
    other.exec(`INSERT INTO orders (id) VALUES ('meanwhile')`)
    other.close()
    finish()
    expect((await result).status).toBe(200)
    expect(orders()).toBe(2)
    await end()
  })
})

describe('the guard of order on SQLite', () => {
  it('never has an older version committed last, over two handles', async () => {
    const { path, end } = await setUp()
    const data = { key: '', version: 0 }
    const partsOf = (event: { readonly data: unknown }) => Object.assign({ ...data }, event.data)
    const receivers = await Promise.all(
      [0, 1].map(async () => {
        const db = await hostHandle(path)
        const receiver = createReceiver({
          secrets: secret,
          logger,
          idempotency: { store: sqliteIdempotency(db), source: 'shop', transactional: true },
          order: {
            store: sqliteOrder(db),
            key: (event) => partsOf(event).key,
            version: (event) => partsOf(event).version,
          },
        })
        const insert = db.prepare('INSERT INTO orders (id) VALUES (?)')
        receiver.on('order.paid', async ({ id }, { onCommit }) => {
          onCommit(() => void insert.run(id))
          // Later versions are quicker, so that they overtake.
          for (let turns = 8 - Number(id.slice(1)); turns > 0; turns -= 1) await nextTurn()
        })
        return { db, receiver }
      }),
    )
    const ids = ['a', 'b', 'c'].flatMap((key) => [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `${key}${n}`))
    const results = await Promise.all(
      ids.map(async (id, index) => {
        const body = { id, type: 'order.paid', timestamp: '2026-01-31T12:00:00Z' }
        const data = { key: id.slice(0, 1), version: Number(id.slice(1)) }
        const request = await signTestRequest({ ...body, data }, { secret })
        return receivers[index % 2]?.receiver.receive(request)
      }),
    )
    expect(new Set(results.map((result) => result?.body))).toEqual(
      new Set(['{"code":"handled"}', '{"code":"stale"}']),
    )
    const rows = receivers[0]?.db.prepare('SELECT id FROM orders ORDER BY rowid').all() ?? []
    const applied = rows.map((row) => String(Object(row).id))
    for (const key of ['a', 'b', 'c']) {
      const versions = applied.filter((id) => id.startsWith(key))
      expect(versions).toEqual([...versions].sort())
      expect(versions.at(-1)).toBe(`${key}8`)
    }
    for (const { db, receiver } of receivers) {
      await receiver.close()
      db.close()
    }
    await end()
  })
})

const nextTurn = () => new Promise<void>((resolve) => void setImmediate(resolve))
