import assert from 'node:assert/strict'
import type { Bench } from '../bench'
import { SHORT } from '../helpers'
import type { Laws } from '../law'

export const dueLaws = {
  'nextDueIn: undefined while nothing waits': async (bench) => {
    assert.equal(await bench.store.deliveries.nextDueIn(), undefined)
    await bench.sendTo(await bench.endpoint())
    await bench.settle(await bench.claimOne())
    assert.equal(await bench.store.deliveries.nextDueIn(), undefined)
  },

  'nextDueIn: 0 while a delivery is due': async (bench) => {
    const endpoint = await bench.endpoint()
    await bench.sendTo(endpoint)
    await bench.claimOne()
    await bench.sendTo(endpoint)
    assert.equal(await bench.store.deliveries.nextDueIn(), 0)
  },

  'nextDueIn: 0 while a recorded event waits': async (bench) => {
    await bench.record()
    assert.equal(await bench.store.deliveries.nextDueIn(), 0)
  },

  'nextDueIn: not later than the next retry': async (bench) => {
    await bench.fill(await bench.endpoint(), 2)
    const { deliveries } = await bench.claim()
    const retries = deliveries.map(({ lease }, index) => ({
      lease,
      next: { status: 'pending' as const, retryInMs: 5_000 * (index + 1), deferred: false },
    }))
    await bench.store.deliveries.settle(retries)
    await assertDueWithin(bench, 5_000)
  },

  'nextDueIn: not later than the end of a lease': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    await bench.claimOne({ leaseMs: 5_000 })
    await assertDueWithin(bench, 5_000)
    await bench.sendTo(await bench.endpoint())
    await bench.claimOne({ leaseMs: SHORT })
    await bench.pass(SHORT)
    assert.equal(await bench.store.deliveries.nextDueIn(), 0)
  },

  "nextDueIn: not later than the end of an event's lease": async (bench) => {
    await bench.record()
    await bench.claimEvents(5_000)
    await assertDueWithin(bench, 5_000)
  },

  'nextDueIn: not later than the end of a throttle': async (bench) => {
    const { tenantId, id, ...rest } = await bench.endpoint()
    await bench.sendTo({ tenantId, id, ...rest })
    await bench.store.endpoints.transition([{ tenantId, id, throttleForMs: 5_000 }])
    await assertDueWithin(bench, 5_000)
  },

  'nextDueIn: 0 while a suspect waits': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    await bench.lose(2)
    assert.equal(await bench.store.deliveries.nextDueIn(), 0)
  },

  'nextDueIn: 0 again once a paused endpoint with due work is enabled': async (bench) => {
    const endpoint = await bench.endpoint({ status: 'paused' })
    await bench.sendTo(endpoint)
    await bench.claim()
    await bench.store.endpoints.replace({ ...endpoint, status: 'enabled' })
    assert.equal(await bench.store.deliveries.nextDueIn(), 0)
  },
} satisfies Laws

async function assertDueWithin(bench: Bench, ms: number): Promise<void> {
  const { deliveries, next } = await bench.claim()
  assert.deepEqual(deliveries, [])
  for (const due of [await bench.store.deliveries.nextDueIn(), next ? next.dueIn : 0])
    assert.ok(due !== undefined && due >= 0 && due <= ms, `due in ${due}, not within ${ms}`)
}
