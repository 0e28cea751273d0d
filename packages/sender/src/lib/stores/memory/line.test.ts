import { expect, it } from 'vitest'
import { Bench } from '../../testing/contract/bench'
import { fakeClock } from '../../testing/fake-clock'
import { memoryStore } from './memory-store'

const [many, singles, slots] = [200, 40, 20]
const tenants = 1 + singles

/** One tenant with many endpoints beside many with one; each endpoint always has work. */
async function crowd() {
  const clock = fakeClock()
  const store = memoryStore({ clock })
  const bench = new Bench({
    store,
    pass: (ms) => clock.advance(ms),
    handle: async () => store,
    unmigrated: async () => store,
  })
  await store.migrate()
  const endpoints = [
    ...(await bench.endpoints(many, { tenantId: 'many' })),
    ...(await Promise.all(
      Array.from({ length: singles }, (_, index) => bench.endpoint({ tenantId: `one_${index}` })),
    )),
  ]
  for (const endpoint of endpoints) await bench.fill(endpoint, 2)
  return { bench, endpoints }
}

it('of 1 tenant with 200 endpoints and 40 with one, each single is served in every third claim, and each of the 200 in its turn', async () => {
  const { bench, endpoints } = await crowd()
  const servedIn = new Map<string, number[]>(endpoints.map(({ id }) => [id, []]))
  const claims = Math.ceil((many * tenants) / slots) + 1
  for (let claim = 0; claim < claims; claim += 1) {
    const { deliveries } = await bench.claim({ limit: slots })
    expect(deliveries).toHaveLength(slots)
    for (const { endpoint } of deliveries) servedIn.get(endpoint.id)?.push(claim)
    const next = { status: 'pending', retryInMs: 0, deferred: false } as const
    await bench.store.deliveries.settle(deliveries.map(({ lease }) => ({ lease, next })))
  }
  const gaps = (served: readonly number[]) =>
    served.map((claim, index) => claim - (served[index - 1] ?? -1))
  for (const { id, tenantId } of endpoints) {
    const served = servedIn.get(id) ?? []
    expect(served.length, `${tenantId} ${id}`).toBeGreaterThan(0)
    if (tenantId !== 'many') expect(Math.max(...gaps(served))).toBeLessThanOrEqual(3)
  }
})
