import type { AttemptRecord } from '@posthorn/sender'
import {
  openSqlite,
  type SqliteDatabase,
  type SqliteStore,
  sqliteStore,
} from '@posthorn/sqlite/sender'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { addEndpoint, eventTo, everything } from './fixtures'
import { createFolders } from './folders'

const folders = createFolders()
let path: string
let db: SqliteDatabase
let store: SqliteStore

beforeEach(async () => {
  path = folders.file()
  db = await openSqlite(path)
  store = folders.remember(sqliteStore(db), path)
  await store.migrate()
  await addEndpoint(store, 'ep_1')
})

afterEach(async () => {
  await store.close()
  folders.remove([store])
})

async function claim(count: number) {
  await store.deliveries.insert(Array.from({ length: count }, () => eventTo('ep_1')))
  return (await store.deliveries.claim(everything)).deliveries
}

type Claimed = Awaited<ReturnType<typeof claim>>[number]

const attemptOf = ({ lease }: Claimed, over: Partial<AttemptRecord> = {}): AttemptRecord => ({
  number: lease.attempt,
  startedAt: Date.now(),
  durationMs: 1,
  outcome: 'success',
  status: 200,
  ...over,
})

/** Settles them in one batch, and expects to read of each what was written. */
async function expectKept(
  deliveries: readonly Claimed[],
  attempt: (delivery: Claimed, index: number) => Partial<AttemptRecord>,
): Promise<void> {
  const batch = deliveries.map((delivery, index) => ({
    lease: delivery.lease,
    next: { status: 'succeeded' as const },
    attempt: attemptOf(delivery, attempt(delivery, index)),
  }))
  await store.deliveries.settle(batch)
  for (const { lease, attempt } of batch) {
    const [read, ...more] = await store.log.attempts('default', lease.deliveryId)
    expect(more).toEqual([])
    expect(read).toEqual(attempt)
    // The order of the names, too.
    expect(JSON.stringify(read?.requestHeaders)).toBe(JSON.stringify(attempt.requestHeaders))
  }
}

const rows = (sql: string): unknown => db.prepare(sql).all()

const sharedRows = () => rows('SELECT request, response FROM posthorn_attempt_headers')

const asked = (delivery: Claimed) => ({
  'content-type': 'application/json',
  'webhook-id': delivery.messageId,
  'webhook-signature': '***',
})

it('the headers that attempts of a batch have in common are written once', async () => {
  await expectKept(await claim(5), (delivery) => ({
    requestHeaders: asked(delivery),
    responseHeaders: { server: 'x' },
  }))
  const request = '{"content-type":"application/json","webhook-id":true,"webhook-signature":"***"}'
  expect(sharedRows()).toEqual([{ request, response: '{"server":"x"}' }])
  const own = 'SELECT DISTINCT request_headers AS own FROM posthorn_attempts'
  expect(rows(own)).toEqual([{ own: '{}' }])
})

it('each attempt keeps what is its own', async () => {
  await expectKept(await claim(6), (delivery, index) => ({
    requestHeaders: { ...asked(delivery), 'x-attempt': `${index}`, traceparent: 'same' },
    responseHeaders: {
      ...(index > 0 && { date: 'now' }),
      ...(index % 2 && { 'x-id': `${index}` }),
    },
  }))
  expect(sharedRows()).toHaveLength(1)
})

it('attempts without an answer, or without a request, share with the others', async () => {
  const error = { code: 'timeout', message: 'No answer came in time.' }
  const kinds = [
    (delivery: Claimed) => ({ requestHeaders: asked(delivery), responseHeaders: {} }),
    (delivery: Claimed) => ({ requestHeaders: asked(delivery), error }),
    () => ({ responseHeaders: { server: 'x' }, responseBody: new Uint8Array([1]) }),
    () => ({ error }),
  ]
  await expectKept(await claim(8), (delivery, index) => kinds[index % 4]?.(delivery) ?? {})
})

it('few attempts, and those with nothing in common, repeat what they have', async () => {
  await expectKept(await claim(2), (delivery) => ({ requestHeaders: asked(delivery) }))
  await expectKept(await claim(5), (_, index) => ({ requestHeaders: { [`x-${index}`]: 'x' } }))
  await expectKept(await claim(5), () => ({}))
  expect(sharedRows()).toEqual([])
})

it('a batch that another store claimed is kept whole', async () => {
  const deliveries = await claim(4)
  const other = folders.remember(sqliteStore(await openSqlite(path)), path)
  const batch = deliveries.map((delivery) => ({
    lease: delivery.lease,
    next: { status: 'succeeded' as const },
    attempt: attemptOf(delivery, { requestHeaders: asked(delivery) }),
  }))
  await other.deliveries.settle(batch)
  for (const { lease, attempt } of batch)
    expect(await store.log.attempts('default', lease.deliveryId)).toEqual([attempt])
  await other.close()
})

it('what attempts share is pruned with the last of them', async () => {
  const deliveries = await claim(4)
  const old = Date.now() - 60_000
  await expectKept(deliveries, (delivery, index) => ({
    requestHeaders: asked(delivery),
    startedAt: index === 3 ? Date.now() + 60_000 : old,
  }))
  await new Promise((resolve) => setTimeout(resolve, 5))
  const prune = () => store.retention.prune({ attempts: 1, limit: 10 })
  expect((await prune()).attempts).toBe(3)
  expect(sharedRows()).toHaveLength(1)
  db.exec(`UPDATE posthorn_attempts SET started_at = ${old}`)
  expect((await prune()).attempts).toBe(1)
  expect(sharedRows()).toEqual([])
})
