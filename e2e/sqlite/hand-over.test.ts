import type { DeliveryStore } from '@posthorn/sender'
import { openSqlite, type SqliteDatabase, sqliteStore } from '@posthorn/sqlite/sender'
import { beforeEach, expect, it } from 'vitest'
import { addEndpoint, eventTo, newEvent } from './fixtures'

let db: SqliteDatabase
let deliveries: Required<DeliveryStore>
let store: ReturnType<typeof sqliteStore>

const request = {
  limit: 10,
  leaseMs: 10_000,
  perEndpoint: 2,
  failingLimit: 1,
  probeAfterMs: 60_000,
  solo: false,
}

beforeEach(async () => {
  db = await openSqlite(':memory:')
  store = sqliteStore(db)
  await store.migrate()
  const { insertAndClaim, subscribe } = store.deliveries
  if (!insertAndClaim || !subscribe) throw new Error('the store lacks a method')
  deliveries = { ...store.deliveries, insertAndClaim, subscribe }
  await addEndpoint(store, 'ep_1')
})

/** Turns are taken by claims alone. */
const turns = () => Number(Object(db.prepare('SELECT turns FROM posthorn_counters').get()).turns)

async function handOver(...events: readonly ReturnType<typeof newEvent>[]) {
  const { claim } = await deliveries.insertAndClaim(events, request)
  return claim?.deliveries ?? []
}

it('writes deliveries under a lease where nothing waits, and a claim takes what is left over', async () => {
  const before = turns()
  expect(await handOver(eventTo('ep_1'))).toHaveLength(1)
  expect(await handOver(eventTo('ep_1'))).toHaveLength(1)
  expect(turns()).toBe(before)
  expect(await handOver(eventTo('ep_1'))).toEqual([])
  expect(turns()).toBeGreaterThan(before)
})

it('gives a turn to what waited before', async () => {
  await deliveries.insert([eventTo('ep_1')])
  const before = turns()
  expect(await handOver(eventTo('ep_1'))).toHaveLength(2)
  expect(turns()).toBeGreaterThan(before)
})

it.each([
  ['paused', { status: 'paused' }, 0],
  ['failing', { health: { state: 'failing', since: 0 } }, 0],
  ['throttled', { throttledUntil: Date.now() + 60_000 }, 0],
  ['limited', { rateLimit: { limit: 1, perMs: 60_000 } }, 1],
  ['ordered', { ordered: 'block' }, 1],
] as const)('heeds that an endpoint is %s', async (_state, over, most) => {
  await addEndpoint(store, 'ep_2', over)
  const send = async () => {
    const events = [1, 2].map(() => ({ ...eventTo('ep_2'), orderingKey: 'k' }))
    const { claim } = await deliveries.insertAndClaim(events, { ...request, failingLimit: 0 })
    return claim?.deliveries.length
  }
  expect(await send()).toBe(most)
  expect(await send()).toBe(0)
})

it('hands over the bytes of the envelope, and writes what is skipped', async () => {
  const body = new TextEncoder().encode('{"specversion":"1.0"}')
  const event = newEvent({
    fanOut: {
      bodies: [{ envelope: 'cloudevents', body }],
      deliveries: [
        {
          id: 'dlv_sent',
          endpointId: 'ep_1',
          envelope: 'cloudevents',
          state: { status: 'pending' },
        },
        {
          id: 'dlv_skipped',
          endpointId: 'ep_1',
          state: { status: 'skipped', reason: 'filtered' },
        },
      ],
    },
  })
  const [claimed, ...others] = await handOver(event)
  expect(others).toEqual([])
  expect(claimed).toMatchObject({ body, lease: { deliveryId: 'dlv_sent' } })
  const skipped = await store.log.get('default', 'dlv_skipped')
  expect(skipped?.state).toMatchObject({ status: 'skipped', reason: 'filtered' })
})

it('answers as claimed what a claim answers once the lease ran out', async () => {
  const metadata = { trace: 'abc' }
  const event = { ...eventTo('ep_1'), metadata, orderingKey: 'k' }
  const { claim } = await deliveries.insertAndClaim([event], { ...request, leaseMs: 0 })
  const again = await deliveries.claim(request)
  const changed = { lease: expect.anything(), progress: expect.anything() }
  expect(again.deliveries).toEqual(claim?.deliveries.map((each) => ({ ...each, ...changed })))
  expect(claim?.deliveries).toHaveLength(1)
})

it('settles what it handed over as what a claim gave', async () => {
  const [born] = await handOver(eventTo('ep_1'))
  if (!born) throw new Error('a delivery was to be handed over')
  const next = { status: 'pending', retryInMs: 0, deferred: true } as const
  expect(await deliveries.settle([{ lease: born.lease, next }])).toEqual(['applied'])
  const { deliveries: again } = await deliveries.claim(request)
  expect(again).toMatchObject([{ progress: { attempt: 2, lost: 0, soloLost: 0, deferred: 1 } }])
  const ended = again.map(({ lease }) => ({ lease, next: { status: 'succeeded' as const } }))
  expect(await deliveries.settle([...ended, { lease: born.lease, next }])).toEqual([
    'applied',
    'stale',
  ])
  expect(await store.log.get('default', born.lease.deliveryId)).toMatchObject({
    state: { status: 'succeeded' },
    progress: { attempt: 2, deferred: 1 },
  })
})
