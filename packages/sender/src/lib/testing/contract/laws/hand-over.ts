import assert from 'node:assert/strict'
import type { EndpointRecord } from '../../../model/endpoint'
import type { NewEvent } from '../../../model/event'
import type { Bench } from '../bench'
import { idsOf, insertAndClaimFrom, inTurn, LONG, only, SHORT, sorted } from '../helpers'
import type { Laws } from '../law'

export const handOverLaws = {
  'insertAndClaim: what was inserted is claimed at once, with all that an attempt needs': async (
    bench,
  ) => {
    const endpoint = await bench.endpoint()
    const event = eventTo(bench, endpoint, { metadata: { trace: 'abc' } })
    const { events, claim } = await bench.insertAndClaim([event])
    assert.deepEqual(events, [{ eventId: event.id, duplicate: false, deliveries: 1 }])
    const claimed = only(claim.deliveries)
    assert.deepEqual([...(claimed.body ?? [])], [...event.body])
    assert.deepEqual(claimed.endpoint, endpoint)
    assert.deepEqual(claimed.progress, { attempt: 1, lost: 0, soloLost: 0, deferred: 0 })
    assert.deepEqual([claimed.messageId, claimed.eventType], [event.id, event.type])
    assert.deepEqual(claimed.metadata, { trace: 'abc' })
    assert.equal(await bench.settle(claimed), 'applied')
  },

  'insertAndClaim: nobody else is given what it leased, until the lease ran out': async (bench) => {
    const event = eventTo(bench, await bench.endpoint())
    const { claim } = await bench.insertAndClaim([event], { leaseMs: SHORT })
    const held = only(claim.deliveries)
    const { state } = await bench.readDelivery(held.lease.deliveryId)
    assert.ok(state.status === 'delivering')
    assert.equal(state.leasedUntil, claim.now + SHORT)
    await bench.pass(SHORT)
    const again = await bench.claimOne()
    assert.equal(again.lease.deliveryId, held.lease.deliveryId)
    assert.deepEqual(again.progress, { attempt: 2, lost: 1, soloLost: 0, deferred: 0 })
    assert.equal(await bench.settle(held), 'stale')
    assert.deepEqual(await bench.claimIds(), [])
  },

  'insertAndClaim: keeps the free slots and the cap, and what is left over waits': async (
    bench,
  ) => {
    const [first, second] = await bench.endpoints(2)
    assert.ok(first && second)
    const events = [first, first, first, second, second].map((to) => eventTo(bench, to))
    const { claim } = await bench.insertAndClaim(events, { limit: 3, perEndpoint: 2 })
    assert.equal(claim.deliveries.length, 3)
    const later = await bench.claimIds({ perEndpoint: 2 })
    const taken = [...idsOf(claim.deliveries), ...later]
    assert.equal(new Set(taken).size, 4, 'two of each endpoint')
    const rest = await bench.claimIds()
    assert.equal(new Set([...taken, ...rest]).size, 5)
  },

  'insertAndClaim: concurrent calls together keep the cap': async (bench) => {
    const other = await bench.handle()
    const endpoint = await bench.endpoint()
    const answers = await Promise.all(
      [bench.store, other, bench.store, other].map((store) =>
        insertAndClaimFrom(store, [eventTo(bench, endpoint), eventTo(bench, endpoint)], {
          perEndpoint: 3,
        }),
      ),
    )
    const held = answers.flatMap(({ claim }) => idsOf(claim.deliveries))
    assert.ok(held.length <= 3, `${held.length} leases`)
    const rest = await bench.claimIds({ perEndpoint: 1000 })
    assert.equal(new Set([...held, ...rest]).size, 8)
  },

  'insertAndClaim: what was due before comes before it': async (bench) => {
    const endpoint = await bench.endpoint()
    const before = await bench.sendTo(endpoint)
    await bench.pass(5)
    const { claim } = await bench.insertAndClaim([eventTo(bench, endpoint)], { limit: 1 })
    assert.deepEqual(idsOf(claim.deliveries), [before])
  },

  'insertAndClaim: a duplicate writes nothing, and what is leased already is given to nobody':
    async (bench) => {
      const event = eventTo(bench, await bench.endpoint())
      await bench.insertAndClaim([event])
      const again = await bench.insertAndClaim([event])
      assert.deepEqual(again.events, [{ eventId: event.id, duplicate: true, deliveries: 1 }])
      assert.deepEqual(again.claim.deliveries, [])
    },

  'insertAndClaim: claims nothing that a claim would not': async (bench) => {
    const paused = await bench.endpoint({ status: 'paused' })
    const failing = await bench.failingEndpoint()
    const throttled = await bench.endpoint()
    const { tenantId, id } = throttled
    await bench.store.endpoints.transition([{ tenantId, id, throttleForMs: LONG }])
    for (const endpoint of [paused, failing, throttled])
      assert.equal(await handedOver(bench, [eventTo(bench, endpoint)]), 0)
    const healthy = await bench.endpoint()
    const mixed = [healthy, paused].map((endpoint) => eventTo(bench, endpoint))
    assert.equal(await handedOver(bench, mixed), 1)
  },

  'insertAndClaim: holds a rate, and the order of a key': async (bench) => {
    const limited = await bench.endpoint({ rateLimit: { limit: 1, perMs: LONG } })
    const ordered = await bench.endpoint({ ordered: 'block' })
    const keyed = () => eventTo(bench, ordered, { orderingKey: 'k' })
    assert.equal(await handedOver(bench, [eventTo(bench, limited), eventTo(bench, limited)]), 1)
    assert.equal(await handedOver(bench, [eventTo(bench, limited)]), 0)
    assert.equal(await handedOver(bench, [keyed(), keyed()]), 1)
    assert.equal(await handedOver(bench, [keyed()]), 0)
  },

  'insertAndClaim: an event that is not matched is only recorded': async (bench) => {
    await bench.endpoint()
    const event = bench.event()
    const { events, claim } = await bench.insertAndClaim([event])
    assert.deepEqual(events, [{ eventId: event.id, duplicate: false, deliveries: 0 }])
    assert.deepEqual(claim.deliveries, [])
    assert.equal(only(await bench.claimEvents()).id, event.id)
  },

  'insertAndClaim: a tenant that sends has no turn before one that waits': async (bench) => {
    const ours = await bench.endpoint({ tenantId: 'ours' })
    const theirs = await bench.endpoint({ tenantId: 'theirs' })
    await bench.fill(theirs, 20)
    const claims = await inTurn(4, async () => {
      const { claim } = await bench.insertAndClaim([eventTo(bench, ours)], { limit: 1 })
      return only(claim.deliveries).endpoint.id
    })
    assert.deepEqual(sorted(claims), sorted([ours, theirs, ours, theirs].map(({ id }) => id)))
  },
} satisfies Laws

/** How many deliveries came with the insertion, where none of failing endpoints may. */
async function handedOver(bench: Bench, events: readonly NewEvent[]): Promise<number> {
  const { claim } = await bench.insertAndClaim(events, { failingLimit: 0 })
  return claim.deliveries.length
}

/** An event with a pending delivery to the endpoint. */
const eventTo = (bench: Bench, endpoint: EndpointRecord, over: Partial<NewEvent> = {}): NewEvent =>
  bench.event({ tenantId: endpoint.tenantId, fanOut: bench.fanOut([endpoint]), ...over })
