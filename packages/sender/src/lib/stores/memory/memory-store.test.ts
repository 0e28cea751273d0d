import { describe, expect, it } from 'vitest'
import type { NewEvent } from '../../model/event'
import type { NewEndpoint } from '../../ports/endpoint-store'
import { fakeClock } from '../../testing/fake-clock'
import { type MemoryStore, memoryStore } from './memory-store'

const newEndpoint = (id: string): NewEndpoint => ({
  tenantId: 'acme',
  id,
  url: 'https://example.com/hooks',
  eventTypes: ['*'],
  status: 'enabled',
  health: { state: 'healthy' },
  headers: {},
  secrets: [],
  metadata: {},
})

const newEvent = (id: string, endpointId: string): NewEvent => ({
  tenantId: 'acme',
  id,
  type: 'run.completed',
  version: 1,
  timestamp: 0,
  body: new Uint8Array(1),
  metadata: {},
  fanOut: {
    deliveries: [{ id: `dlv_${id}`, endpointId, state: { status: 'pending' } }],
    bodies: [],
  },
})

describe('memoryStore', () => {
  it('takes the sender’s clock when it was given none', async () => {
    const store = memoryStore()
    store.useClock?.(fakeClock(5000))
    expect((await store.endpoints.insert(newEndpoint('ep_1'))).createdAt).toBe(5000)
  })

  it('keeps the clock it was given', async () => {
    const store = memoryStore({ clock: fakeClock(7000) })
    store.useClock?.(fakeClock(5000))
    expect((await store.endpoints.insert(newEndpoint('ep_1'))).createdAt).toBe(7000)
  })

  it('enqueues without awaiting', () => {
    const store = memoryStore({ clock: fakeClock() })
    const { fanOut: _, ...event } = newEvent('evt_1', 'ep_1')
    expect(store.host.enqueue([event])).toEqual([
      { eventId: 'evt_1', duplicate: false, deliveries: 0 },
    ])
  })

  it('refuses a second endpoint of one id', async () => {
    const store = memoryStore({ clock: fakeClock() })
    await store.endpoints.insert(newEndpoint('ep_1'))
    await expect(store.endpoints.insert(newEndpoint('ep_1'))).rejects.toMatchObject({
      code: 'store_failed',
    })
  })

  it('keeps nothing of the caller’s: an endpoint changed afterwards is unchanged here', async () => {
    const store = memoryStore({ clock: fakeClock() })
    const eventTypes = ['run.*']
    await store.endpoints.insert({ ...newEndpoint('ep_1'), eventTypes })
    eventTypes.push('order.*')
    expect((await store.endpoints.get('acme', 'ep_1'))?.eventTypes).toEqual(['run.*'])
  })

  it('claims at a cost that the backlog does not raise', async () => {
    const [small, large] = [await backlog(1000), await backlog(50_000)]
    await fastestRound(small)
    expect(await fastestRound(large)).toBeLessThan(5 * (await fastestRound(small)) + 0.5)
  })
})

async function backlog(size: number): Promise<MemoryStore> {
  const store = memoryStore({ clock: fakeClock() })
  for (let n = 0; n < 10; n += 1) await store.endpoints.insert(newEndpoint(`ep_${n}`))
  const events = Array.from({ length: size }, (_, n) => newEvent(`evt_${n}`, `ep_${n % 10}`))
  await store.deliveries.insert(events)
  return store
}

/** Milliseconds of the fastest of ten claims, which the rest of the machine disturbs least. */
async function fastestRound({ deliveries }: MemoryStore): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY
  const request = {
    ...{ limit: 20, leaseMs: 60_000, perEndpoint: 1000, failingLimit: 4 },
    ...{ probeAfterMs: 30_000, solo: false },
  }
  for (let round = 0; round < 10; round += 1) {
    const started = performance.now()
    const claimed = await deliveries.claim(request)
    fastest = Math.min(fastest, performance.now() - started)
    expect(claimed.deliveries).toHaveLength(20)
  }
  return fastest
}
