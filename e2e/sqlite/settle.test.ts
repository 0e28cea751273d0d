import type { DeliveryClaimRequest, Settlement } from '@posthorn/sender'
import { openSqlite, type SqliteStore, sqliteStore } from '@posthorn/sqlite/sender'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { addEndpoint, eventTo, everything } from './fixtures'
import { createFolders } from './folders'

const folders = createFolders()
let path: string
let store: SqliteStore

beforeEach(async () => {
  path = folders.file()
  store = await open()
  await store.migrate()
  await addEndpoint(store, 'ep_1')
})

afterEach(async () => {
  await store.close()
  folders.remove([store])
})

async function open(): Promise<SqliteStore> {
  return folders.remember(sqliteStore(await openSqlite(path)), path)
}

async function claimed(count: number, over: Partial<DeliveryClaimRequest> = {}) {
  await store.deliveries.insert(Array.from({ length: count }, () => eventTo('ep_1')))
  const request = { ...everything, limit: count, perEndpoint: count, ...over }
  const { deliveries } = await store.deliveries.claim(request)
  return deliveries.map(({ lease }) => lease)
}

const ended = (lease: Settlement['lease']): Settlement => ({ lease, next: { status: 'succeeded' } })

it('any store on the file settles a lease, once', async () => {
  const leases = await claimed(2)
  const other = await open()
  expect(await other.deliveries.settle(leases.map(ended))).toEqual(['applied', 'applied'])
  expect(await store.deliveries.settle(leases.map(ended))).toEqual(['stale', 'stale'])
  await other.close()
})

it('a lease that another store has given anew is stale', async () => {
  const [lease] = await claimed(1, { leaseMs: 0 })
  if (!lease) throw new Error('one delivery was to be claimed')
  const other = await open()
  const again = await other.deliveries.claim(everything)
  expect(again.deliveries).toHaveLength(1)
  expect(await store.deliveries.settle([ended(lease)])).toEqual(['stale'])
  await other.close()
})

it('only the tenant and delivery that a lease names are settled by it', async () => {
  const [lease] = await claimed(1)
  if (!lease) throw new Error('one delivery was to be claimed')
  const foreign = { ...lease, tenantId: 'another' }
  expect(await store.deliveries.settle([ended(foreign)])).toEqual(['stale'])
  expect(await store.deliveries.settle([ended(lease)])).toEqual(['applied'])
})

it('settles more leases than it remembers', async () => {
  const leases = await claimed(5_000)
  expect(leases).toHaveLength(5_000)
  const verdicts = await store.deliveries.settle(leases.map(ended))
  expect(verdicts.filter((verdict) => verdict === 'applied')).toHaveLength(5_000)
})

it('logs each attempt of a batch as it was, however many are alike', async () => {
  const batch = (await claimed(6)).map((lease, index) => ({
    ...ended(lease),
    attempt: {
      number: 1,
      startedAt: 1_000 + index,
      durationMs: index,
      outcome: index % 3 === 0 ? ('http' as const) : ('success' as const),
      status: index % 3 === 0 ? 500 : 204,
      requestHeaders: { 'webhook-id': `msg_${index}` },
      responseHeaders: { server: index % 2 === 0 ? 'even' : 'odd' },
    },
  }))
  await store.deliveries.settle(batch)
  for (const { lease, attempt } of batch)
    expect(await store.log.attempts(lease.tenantId, lease.deliveryId)).toEqual([attempt])
})
