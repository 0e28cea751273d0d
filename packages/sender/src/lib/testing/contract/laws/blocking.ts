import assert from 'node:assert/strict'
import type { EndpointRecord } from '../../../model/endpoint'
import type { NewEvent } from '../../../model/event'
import type { Bench } from '../bench'
import { inTurn, MEDIUM, SHORT } from '../helpers'
import type { Laws } from '../law'
import { failed, keyed, retryIn, succeed } from './order-steps'

export const blockingLaws = {
  'blocked: after a failure the rest of its key waits, and nothing else': async (bench) => {
    const { endpoint } = await blocked(bench)
    const free = [await bench.sendTo(endpoint, keyed('b')), await bench.sendTo(endpoint)]
    await bench.sendTo(endpoint, keyed('a'))
    assert.deepEqual([...(await bench.claimIds())].sort(), free.sort())
  },

  'blocked: another endpoint goes on with the key': async (bench) => {
    await blocked(bench)
    const id = await bench.sendTo(await bench.endpoint({ ordered: 'block' }), keyed('a'))
    assert.deepEqual(await bench.claimIds(), [id])
  },

  'blocked: a replay of what failed comes first, and its success lets the rest go': async (
    bench,
  ) => {
    const { endpoint, event, waiting } = await blocked(bench)
    const replay = bench.redelivery(event, endpoint)
    assert.deepEqual(await bench.store.deliveries.redeliver([replay]), ['created'])
    await bench.settle(await bench.claimOne(), retryIn(MEDIUM))
    assert.deepEqual(await bench.claimIds(), [])
    await bench.pass(MEDIUM)
    const served = await inTurn(3, () => succeed(bench))
    assert.deepEqual(served.flat(), [replay.id, ...waiting])
  },

  'blocked: a replay that fails blocks again, and its cancelation lets the rest go': async (
    bench,
  ) => {
    const { endpoint, event, failedId, waiting } = await blocked(bench)
    const replay = bench.redelivery(event, endpoint)
    await bench.store.deliveries.redeliver([replay])
    await bench.settle(await bench.claimOne(), failed('exhausted'))
    assert.deepEqual(await bench.claimIds(), [])
    const { cancel } = bench.store.deliveries
    assert.equal(await cancel(endpoint.tenantId, failedId), 'finished', 'another blocks now')
    assert.equal(await cancel(endpoint.tenantId, replay.id), 'canceled')
    assert.deepEqual((await inTurn(2, () => succeed(bench))).flat(), waiting)
  },

  'blocked: a replay canceled before it was sent lets the rest go': async (bench) => {
    const { endpoint, event, waiting } = await blocked(bench)
    const replay = bench.redelivery(event, endpoint)
    await bench.store.deliveries.redeliver([replay])
    await bench.store.deliveries.cancel(endpoint.tenantId, replay.id)
    assert.deepEqual((await inTurn(2, () => succeed(bench))).flat(), waiting)
  },

  'blocked: a replay of anything else waits at the end': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'block' })
    const { event } = await bench.send([endpoint], keyed('a'))
    await succeed(bench)
    const { failedId, waiting } = await blocked(bench, endpoint)
    const replay = bench.redelivery(event, endpoint)
    await bench.store.deliveries.redeliver([replay])
    assert.deepEqual(await bench.claimIds(), [])
    await bench.store.deliveries.cancel(endpoint.tenantId, failedId)
    const served = await inTurn(3, () => succeed(bench))
    assert.deepEqual(served.flat(), [...waiting, replay.id])
  },

  'blocked: what failed may be canceled, which lets the rest go': async (bench) => {
    const { endpoint, failedId, waiting } = await blocked(bench)
    const before = await bench.store.log.statistics(endpoint.tenantId)
    const { cancel } = bench.store.deliveries
    assert.equal(await cancel('globex', failedId), 'not_found')
    assert.equal(await cancel(endpoint.tenantId, failedId), 'canceled')
    assert.equal(await bench.statusOf(failedId), 'canceled')
    const after = await bench.store.log.statistics(endpoint.tenantId)
    assert.deepEqual([after.failed - before.failed, after.canceled - before.canceled], [-1, 1])
    assert.equal(await cancel(endpoint.tenantId, failedId), 'finished')
    assert.deepEqual((await inTurn(2, () => succeed(bench))).flat(), waiting)
  },

  'blocked: a failure that blocks nothing cannot be canceled': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'block' })
    const unkeyed = await bench.sendTo(endpoint)
    await bench.settle(await bench.claimOne(), failed('exhausted'))
    assert.equal(await bench.store.deliveries.cancel(endpoint.tenantId, unkeyed), 'finished')
    const proceeding = await bench.endpoint({ ordered: 'proceed' })
    const keyedId = await bench.sendTo(proceeding, keyed('a'))
    await bench.settle(await bench.claimOne(), failed('exhausted'))
    assert.equal(await bench.store.deliveries.cancel(endpoint.tenantId, keyedId), 'finished')
  },

  'blocked: lines are free once the endpoint proceeds, or is not ordered any more': async (
    bench,
  ) => {
    for (const ordered of ['proceed', undefined] as const) {
      const { endpoint, waiting } = await blocked(bench)
      const { ordered: _, ...rest } = endpoint
      await bench.store.endpoints.replace({ ...rest, ...(ordered ? { ordered } : {}) })
      const served = await inTurn(2, () => succeed(bench))
      assert.deepEqual(served.flat(), waiting)
    }
  },

  'blocked: nextDueIn is undefined while nothing but a blocked line waits': async (bench) => {
    const { endpoint } = await blocked(bench)
    await bench.claim()
    assert.equal(await bench.store.deliveries.nextDueIn(), undefined)
    const { tenantId, id } = endpoint
    await bench.store.endpoints.transition([{ tenantId, id, throttleForMs: 1 }])
    await bench.pass(SHORT)
    assert.deepEqual(await bench.claimIds(), [])
  },

  'prune: what blocks a line is kept, with what a replay of it needs': async (bench) => {
    const { endpoint, event, failedId, waiting } = await blocked(bench)
    for (const id of waiting) await bench.store.deliveries.cancel(endpoint.tenantId, id)
    await bench.pass(SHORT)
    await inTurn(3, () => bench.store.retention.prune({ events: 0, attempts: 0, limit: 100 }))
    assert.equal(await bench.statusOf(failedId), 'failed')
    const replay = bench.redelivery(event, endpoint)
    assert.deepEqual(await bench.store.deliveries.redeliver([replay]), ['created'])
    assert.deepEqual(await succeed(bench), [replay.id])
    await bench.pass(SHORT)
    await inTurn(3, () => bench.store.retention.prune({ events: 0, attempts: 0, limit: 100 }))
    assert.equal(await bench.store.log.get(endpoint.tenantId, failedId), undefined)
  },
} satisfies Laws

interface Blocked {
  readonly endpoint: EndpointRecord
  readonly event: NewEvent
  readonly failedId: string
  readonly waiting: readonly string[]
}

/** A line of key `a` whose first delivery failed and whose other two wait. */
async function blocked(bench: Bench, given?: EndpointRecord): Promise<Blocked> {
  const endpoint = given ?? (await bench.endpoint({ ordered: 'block' }))
  const { event } = await bench.send([endpoint], keyed('a'))
  const waiting = await inTurn(2, () => bench.sendTo(endpoint, keyed('a')))
  const claimed = await bench.claimOne()
  await bench.settle(claimed, failed('exhausted'))
  return { endpoint, event, failedId: claimed.lease.deliveryId, waiting }
}
