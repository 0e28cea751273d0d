import assert from 'node:assert/strict'
import { at, claimFrom, idsOf, inTurn, MEDIUM, only, SHORT } from '../helpers'
import type { Laws } from '../law'
import { failed, keyed, retryIn, succeed } from './order-steps'

export const orderLaws = {
  'order: deliveries of one key are claimed one at a time, in the order of their events': async (
    bench,
  ) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    const ids = await inTurn(4, () => bench.sendTo(endpoint, keyed('a')))
    const served = await inTurn(4, () => succeed(bench))
    assert.deepEqual(
      served,
      ids.map((id) => [id]),
    )
    assert.deepEqual(await bench.claimIds(), [])
  },

  'order: events of one insert keep their order': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    const events = Array.from({ length: 5 }, () =>
      bench.event({ ...keyed('a'), fanOut: bench.fanOut([endpoint]) }),
    )
    await bench.store.deliveries.insert(events)
    const served = await inTurn(5, () => succeed(bench))
    const ids = events.map(({ fanOut }) => only(fanOut?.deliveries ?? []).id)
    assert.deepEqual(served.flat(), ids)
  },

  'order: nothing of a key is claimed beside one under a lease, by anybody': async (bench) => {
    const other = await bench.handle()
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    await inTurn(6, () => bench.sendTo(endpoint, keyed('a')))
    const claims = await Promise.all(
      [bench.store, other, bench.store, other].map((store) => claimFrom(store)),
    )
    only(claims.flatMap(({ deliveries }) => deliveries))
  },

  'order: other keys, events without one and other endpoints do not wait': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    const other = await bench.endpoint({ ordered: 'proceed' })
    const first = await bench.sendTo(endpoint, keyed('a'))
    await bench.sendTo(endpoint, keyed('a'))
    const free = [
      await bench.sendTo(endpoint, keyed('b')),
      await bench.sendTo(endpoint),
      await bench.sendTo(endpoint),
      await bench.sendTo(other, keyed('a')),
    ]
    assert.deepEqual([...(await bench.claimIds())].sort(), [first, ...free].sort())
  },

  'order: an endpoint that is not ordered claims all of a key at once': async (bench) => {
    const endpoint = await bench.endpoint()
    await inTurn(3, () => bench.sendTo(endpoint, keyed('a')))
    const { deliveries } = await bench.claim()
    assert.equal(deliveries.length, 3)
    assert.deepEqual(
      deliveries.map(({ orderingKey }) => orderingKey),
      ['a', 'a', 'a'],
    )
  },

  'order: a retry keeps its key waiting, and only that': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    const first = await bench.sendTo(endpoint, keyed('a'))
    const second = await bench.sendTo(endpoint, keyed('a'))
    await bench.settle(await bench.claimOne(), retryIn(MEDIUM))
    const other = await bench.sendTo(endpoint, keyed('b'))
    assert.deepEqual(await bench.claimIds(), [other])
    await bench.pass(MEDIUM)
    assert.deepEqual(await succeed(bench), [first])
    assert.deepEqual(await bench.claimIds(), [second])
  },

  'order: what was released, or lost with its worker, is still first': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    const first = await bench.sendTo(endpoint, keyed('a'))
    await bench.sendTo(endpoint, keyed('a'))
    await bench.store.deliveries.release([(await bench.claimOne()).lease])
    assert.equal((await bench.claimOne({ leaseMs: SHORT })).lease.deliveryId, first)
    await bench.pass(SHORT)
    assert.deepEqual(await bench.claimIds(), [first])
  },

  'order: a suspect keeps its key waiting': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    const first = await bench.sendTo(endpoint, keyed('a'))
    const second = await bench.sendTo(endpoint, keyed('a'))
    await bench.lose(2)
    assert.deepEqual(await bench.claimIds(), [])
    const suspect = await bench.claimOne({ solo: true })
    assert.equal(suspect.lease.deliveryId, first)
    assert.deepEqual(await bench.claimIds(), [])
    await bench.settle(suspect, failed('poison'))
    assert.deepEqual(await bench.claimIds(), [second])
  },

  'order: once the first is finished, however, the next comes first': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    const ids = await inTurn(4, () => bench.sendTo(endpoint, keyed('a')))
    await bench.settle(await bench.claimOne())
    await bench.settle(await bench.claimOne(), failed('exhausted'))
    await bench.settle(await bench.claimOne(), { status: 'skipped', reason: 'disabled' })
    const last = await bench.claimOne()
    assert.equal(last.lease.deliveryId, at(ids, 3))
  },

  'order: a canceled delivery keeps nobody waiting, first or not': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'block' })
    const ids = await inTurn(4, () => bench.sendTo(endpoint, keyed('a')))
    await bench.claimOne()
    for (const id of ids.slice(0, 2)) await bench.store.deliveries.cancel(endpoint.tenantId, id)
    assert.deepEqual(await bench.claimIds(), [at(ids, 2)])
  },

  'order: a replay goes to the end of its line': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    const { event } = await bench.send([endpoint], keyed('a'))
    await succeed(bench)
    const waiting = await inTurn(2, () => bench.sendTo(endpoint, keyed('a')))
    const replay = bench.redelivery(event, endpoint)
    assert.deepEqual(await bench.store.deliveries.redeliver([replay]), ['created'])
    const later = await bench.sendTo(endpoint, keyed('a'))
    const served = await inTurn(4, () => succeed(bench))
    assert.deepEqual(served.flat(), [...waiting, replay.id, later])
  },

  'order: a hot key keeps no other waiting': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    const events = Array.from({ length: 300 }, () =>
      bench.event({ ...keyed('hot'), fanOut: bench.fanOut([endpoint]) }),
    )
    await bench.store.deliveries.insert(events)
    await bench.pass(5)
    const cold = await bench.sendTo(endpoint, keyed('cold'))
    assert.equal((await bench.claimIds({ limit: 2, perEndpoint: 2 })).includes(cold), true)
  },

  'order: switched on, it holds for what waits; switched off, nothing waits for it': async (
    bench,
  ) => {
    const endpoint = await bench.endpoint()
    const ids = await inTurn(4, () => bench.sendTo(endpoint, keyed('a')))
    const ordered = await bench.store.endpoints.replace({ ...endpoint, ordered: 'proceed' })
    assert.deepEqual(await succeed(bench), [at(ids, 0)])
    const { ordered: _, ...unordered } = ordered ?? endpoint
    await bench.store.endpoints.replace(unordered)
    assert.deepEqual(await bench.claimIds(), ids.slice(1))
  },

  'order: a delivery under a lease as it is switched on comes back to its place': async (bench) => {
    const endpoint = await bench.endpoint()
    const ids = await inTurn(3, () => bench.sendTo(endpoint, keyed('a')))
    const [first, second] = (await bench.claim({ limit: 2 })).deliveries
    assert.ok(first && second)
    await bench.store.endpoints.replace({ ...endpoint, ordered: 'proceed' })
    await bench.settle(second, retryIn(0))
    assert.deepEqual(await bench.claimIds(), [])
    await bench.settle(first, retryIn(0))
    const served = await inTurn(3, () => succeed(bench))
    assert.deepEqual(served.flat(), ids)
  },

  'order: a disabled endpoint has none, and all of its deliveries are answered': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'block' })
    const { tenantId, id } = endpoint
    await inTurn(3, () => bench.sendTo(endpoint, keyed('a')))
    await bench.settle(await bench.claimOne(), failed('exhausted'))
    await bench.store.endpoints.transition([{ tenantId, id, disable: 'gone' }])
    assert.equal((await bench.claimIds()).length, 2)
  },

  'order: a removed endpoint cancels the whole line': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    const ids = await inTurn(3, () => bench.sendTo(endpoint, keyed('a')))
    await bench.store.endpoints.remove(endpoint.tenantId, endpoint.id)
    assert.deepEqual(await Promise.all(ids.map((id) => bench.statusOf(id))), [
      'canceled',
      'canceled',
      'canceled',
    ])
  },

  'nextDueIn: not later than what comes first once another is finished': async (bench) => {
    const endpoint = await bench.endpoint({ ordered: 'proceed' })
    await inTurn(2, () => bench.sendTo(endpoint, keyed('a')))
    await bench.settle(await bench.claimOne())
    assert.equal(await bench.store.deliveries.nextDueIn(), 0)
    const { deliveries } = await bench.claim()
    assert.equal(idsOf(deliveries).length, 1)
  },
} satisfies Laws
