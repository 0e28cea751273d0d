import { createInbox, createReceiver, type Inbox } from '@posthorn/receiver'
import { deliver, fakeClock } from '@posthorn/receiver/testing'
import { sqliteInbox } from '@posthorn/sqlite/receiver'
import { expect, it } from 'vitest'
import { hostHandle } from './fixtures'
import { createFolders } from './folders'

const folders = createFolders()
const secret = `whsec_${btoa('q'.repeat(32))}`
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const clock = fakeClock()
const event = { id: 'a', type: 'order.paid', timestamp: '2026-01-31T12:00:00Z', data: {} }
const send = (inbox: Pick<Inbox, 'receive'>) =>
  deliver(inbox, event, { secret, at: new Date(clock.now()) })

async function setUp() {
  const path = folders.file()
  const db = await hostHandle(path)
  const receiver = createReceiver({ secrets: secret, logger, clock, idempotency: 'none' })
  const store = sqliteInbox(db)
  const inbox = createInbox(receiver, { store, source: 'shop', transactional: true })
  await inbox.migrate()
  const insert = db.prepare('INSERT INTO orders (id) VALUES (?)')
  const orders = () => db.prepare('SELECT id FROM orders').all().length
  return { db, path, inbox, insert, orders }
}

it('commits what onCommit was given with the end of the task, or neither', async () => {
  const { inbox, insert, orders, path } = await setUp()
  let fails = true
  inbox.on('order.paid', ({ id }, { onCommit }) => {
    onCommit(() => void insert.run(id))
    onCommit(() => {
      if (fails) throw new Error('boom')
    })
  })
  expect((await send(inbox)).status).toBe(202)
  expect(await inbox.drain()).toMatchObject({ retried: 1 })
  expect(orders()).toBe(0)
  fails = false
  await clock.advance('2s')
  expect(await inbox.drain()).toMatchObject({ done: 1 })
  expect(orders()).toBe(1)
  expect((await send(inbox)).body).toBe('{"code":"duplicate"}')
  await inbox.close()
  folders.remove([folders.remember({}, path)])
})

it('leaves the effect to whoever took the task over', async () => {
  const { db, inbox, insert, orders, path } = await setUp()
  inbox.on('order.paid', ({ id }, { onCommit }) => {
    onCommit(() => void insert.run(id))
    db.exec(`UPDATE posthorn_inbox_tasks SET token = 'another'`)
  })
  await send(inbox)
  expect(await inbox.drain()).toMatchObject({ lost: 1, done: 0 })
  expect(orders()).toBe(0)
  await inbox.close()
  folders.remove([folders.remember({}, path)])
})

it('refuses an event with 503 while the handle is inside a transaction of the host', async () => {
  const { db, inbox, path } = await setUp()
  inbox.on('order.paid', () => {})
  db.exec('BEGIN')
  expect((await send(inbox)).status).toBe(503)
  db.exec('ROLLBACK')
  expect((await send(inbox)).status).toBe(202)
  await inbox.close()
  folders.remove([folders.remember({}, path)])
})

it('finds what is due and what is old by an index', async () => {
  const { db, inbox, path } = await setUp()
  const plan = (sql: string) => JSON.stringify(db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
  const due = `SELECT seq FROM posthorn_inbox_tasks WHERE state = 'pending' AND at <= 1 ORDER BY at`
  expect(plan(due)).toMatch(/posthorn_inbox_pending/)
  expect(plan('SELECT seq FROM posthorn_inbox WHERE received_at <= 1')).toMatch(/inbox_received/)
  await inbox.close()
  folders.remove([folders.remember({}, path)])
})
