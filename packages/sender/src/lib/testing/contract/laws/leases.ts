import assert from 'node:assert/strict'
import { at, MEDIUM, OTHER, only, SHORT } from '../helpers'
import type { Laws } from '../law'

export const leaseLaws = {
  'extend: a prolonged lease holds beyond its first end': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    const { lease } = await bench.claimOne({ leaseMs: MEDIUM })
    assert.deepEqual(await bench.store.deliveries.extend([lease], 600_000), [lease])
    await bench.pass(MEDIUM)
    assert.deepEqual(await bench.claimIds(), [])
  },

  'extend: a prolonged lease runs out in its turn': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    const { lease } = await bench.claimOne({ leaseMs: MEDIUM })
    await bench.store.deliveries.extend([lease], 2 * MEDIUM)
    await bench.pass(2 * MEDIUM)
    assert.equal((await bench.claimOne()).progress.lost, 1)
  },

  'extend: answers the leases still held, and no other': async (bench) => {
    await bench.fill(await bench.endpoint(), 4)
    const { deliveries } = await bench.claim()
    const [held, settled, canceled, released] = deliveries
    assert.ok(held && settled && canceled && released)
    await bench.settle(settled)
    await bench.store.deliveries.cancel(canceled.lease.tenantId, canceled.lease.deliveryId)
    await bench.store.deliveries.release([released.lease])
    const leases = deliveries.map(({ lease }) => lease)
    assert.deepEqual(await bench.store.deliveries.extend(leases, 600_000), [held.lease])
  },

  'extend: a lease that another took over is not prolonged': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    const lost = await bench.claimOne({ leaseMs: SHORT })
    await bench.pass(SHORT)
    const taken = await bench.claimOne()
    assert.deepEqual(await bench.store.deliveries.extend([lost.lease, taken.lease], 600_000), [
      taken.lease,
    ])
  },

  'extend: a lease that ran out is not prolonged': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    const { lease } = await bench.claimOne({ leaseMs: SHORT })
    await bench.pass(SHORT)
    assert.deepEqual(await bench.store.deliveries.extend([lease], 600_000), [])
    assert.equal((await bench.claimOne()).progress.attempt, 2)
  },

  "extend: another tenant's name for a lease is none": async (bench) => {
    await bench.sendTo(await bench.endpoint())
    const { lease } = await bench.claimOne()
    assert.deepEqual(
      await bench.store.deliveries.extend([{ ...lease, tenantId: OTHER }], 600_000),
      [],
    )
  },

  'release: due at once, without blame': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const { lease } = await bench.claimOne()
    await bench.store.deliveries.release([lease])
    const record = await bench.readDelivery(id)
    assert.equal(record.state.status, 'pending')
    assert.deepEqual(record.progress, { attempt: 0, lost: 0, soloLost: 0, deferred: 0 })
    const again = await bench.claimOne()
    assert.deepEqual(again.progress, { attempt: 1, lost: 0, soloLost: 0, deferred: 0 })
  },

  'release: a lease given back is void': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const claimed = await bench.claimOne()
    await bench.store.deliveries.release([claimed.lease])
    assert.equal(await bench.settle(claimed), 'stale')
    assert.equal(await bench.statusOf(id), 'pending')
    await bench.claimOne()
    assert.equal(await bench.settle(claimed), 'stale')
    assert.equal(await bench.statusOf(id), 'delivering')
  },

  'release: a lease that another took over is left alone': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    const lost = await bench.claimOne({ leaseMs: SHORT })
    await bench.pass(SHORT)
    const taken = await bench.claimOne()
    await bench.store.deliveries.release([lost.lease])
    assert.deepEqual(await bench.claimIds(), [])
    assert.equal(await bench.settle(taken), 'applied')
  },

  'release: one stale lease hinders no other': async (bench) => {
    await bench.fill(await bench.endpoint(), 2)
    const { deliveries } = await bench.claim()
    const [finished, given] = [at(deliveries, 0), at(deliveries, 1)]
    await bench.settle(finished)
    await bench.store.deliveries.release([finished.lease, given.lease])
    assert.equal(await bench.statusOf(finished.lease.deliveryId), 'succeeded')
    assert.equal((await bench.claimOne()).lease.deliveryId, given.lease.deliveryId)
  },

  "release: another tenant's name for a lease is none": async (bench) => {
    await bench.sendTo(await bench.endpoint())
    const { lease } = await bench.claimOne()
    await bench.store.deliveries.release([{ ...lease, tenantId: OTHER }])
    assert.deepEqual(await bench.claimIds(), [])
  },

  'cancel: a pending delivery is never claimed again': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    assert.equal(await bench.store.deliveries.cancel('acme', id), 'canceled')
    const { state } = await bench.readDelivery(id)
    assert.ok(state.status === 'canceled' && Number.isInteger(state.finishedAt))
    assert.deepEqual(await bench.claimIds(), [])
  },

  'cancel: a lease on the delivery is void, and what it sent is still logged': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const claimed = await bench.claimOne()
    assert.equal(await bench.store.deliveries.cancel('acme', id), 'canceled')
    const verdict = await bench.settle(claimed, { status: 'succeeded' }, bench.attempt(claimed))
    assert.equal(verdict, 'stale')
    assert.equal(await bench.statusOf(id), 'canceled')
    assert.equal(only(await bench.store.log.attempts('acme', id)).number, 1)
  },

  'cancel: a canceled delivery frees its place under the cap': async (bench) => {
    await bench.fill(await bench.endpoint(), 2)
    const { lease } = await bench.claimOne({ perEndpoint: 1 })
    await bench.store.deliveries.cancel('acme', lease.deliveryId)
    assert.equal((await bench.claimIds({ perEndpoint: 1 })).length, 1)
  },

  'cancel: a finished delivery stays as it was': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    await bench.settle(await bench.claimOne(), { status: 'failed', reason: 'gone' })
    const before = await bench.readDelivery(id)
    assert.equal(await bench.store.deliveries.cancel('acme', id), 'finished')
    assert.deepEqual(await bench.readDelivery(id), before)
  },

  "cancel: another tenant's delivery is not found": async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    assert.equal(await bench.store.deliveries.cancel(OTHER, id), 'not_found')
    assert.equal(await bench.store.deliveries.cancel('acme', 'dlv_unknown'), 'not_found')
    assert.deepEqual(await bench.claimIds(), [id])
  },
} satisfies Laws
