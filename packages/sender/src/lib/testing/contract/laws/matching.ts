import assert from 'node:assert/strict'
import type { ClaimedEvent, EventVerdict, FanOut } from '../../../model/event'
import type { Bench } from '../bench'
import { at, claimEventsFrom, LONG, MEDIUM, OTHER, only, SHORT, sorted, TENANT } from '../helpers'
import type { Laws } from '../law'

export const matchingLaws = {
  'match: recorded events are claimed oldest first, with all that matching needs': async (
    bench,
  ) => {
    const first = await bench.record({ type: 'run.failed', version: 2 })
    const second = await bench.record()
    const claimed = await bench.claimEvents()
    assert.deepEqual(
      claimed.map(({ id }) => id),
      [first.id, second.id],
    )
    const { tenantId, type, version, body } = at(claimed, 0)
    assert.deepEqual(
      { tenantId, type, version },
      { tenantId: TENANT, type: 'run.failed', version: 2 },
    )
    assert.deepEqual([...body], [...first.body])
  },

  'match: never more than the limit': async (bench) => {
    const first = await bench.record()
    const second = await bench.record()
    assert.equal(only(await bench.claimEvents(LONG, 1)).id, first.id)
    assert.equal(only(await bench.claimEvents(LONG, 1)).id, second.id)
  },

  'match: nobody else is given an event under its lease': async (bench) => {
    await bench.record()
    only(await bench.claimEvents())
    assert.deepEqual(await bench.claimEvents(), [])
  },

  'match: an event whose lease ran out is claimed again, under another token': async (bench) => {
    const event = await bench.record()
    const lost = only(await bench.claimEvents(SHORT))
    await bench.pass(SHORT)
    const again = only(await bench.claimEvents())
    assert.equal(again.id, event.id)
    assert.notEqual(again.token, lost.token)
  },

  'match: an event that was inserted matched is never claimed': async (bench) => {
    await bench.send([await bench.endpoint()])
    await bench.send([])
    assert.deepEqual(await bench.claimEvents(), [])
  },

  'match: the horizon is the highest endpoint that existed when the event was recorded': async (
    bench,
  ) => {
    const before = await bench.endpoint()
    const later = bench.event()
    await bench.record()
    const after = await bench.endpoint()
    await bench.store.deliveries.insert([later])
    const [first, second] = await bench.claimEvents()
    assert.ok(first && second)
    assert.ok(first.horizon >= before.seq && first.horizon < after.seq, 'of the first event')
    assert.ok(second.horizon >= after.seq, 'of the second event')
  },

  'match: concurrent claims never share an event': async (bench) => {
    const other = await bench.handle()
    for (let count = 0; count < 12; count += 1) await bench.record()
    const claims = await Promise.all(
      [bench.store, other, bench.store, other].map((store) => claimEventsFrom(store, LONG, 4)),
    )
    const ids = claims.flat().map(({ id }) => id)
    assert.equal(ids.length, 12)
    assert.equal(new Set(ids).size, 12)
  },

  'fanOut: writes the deliveries, and the event is never claimed again': async (bench) => {
    const endpoints = await bench.endpoints(2)
    const event = await bench.record()
    const fanOut = bench.fanOut(endpoints)
    assert.equal(await fan(bench, only(await bench.claimEvents(MEDIUM)), fanOut), 1)
    assert.deepEqual((await bench.readEvent(event.id)).state, { state: 'fanned_out' })
    assert.deepEqual(sorted(await bench.claimIds()), sorted(fanOut.deliveries.map(({ id }) => id)))
    await bench.pass(MEDIUM)
    assert.deepEqual(await bench.claimEvents(), [])
  },

  'fanOut: a duplicate sent afterwards is told of the deliveries': async (bench) => {
    const endpoints = await bench.endpoints(2)
    await bench.record({ idempotencyKey: 'once' })
    await fan(bench, only(await bench.claimEvents()), bench.fanOut(endpoints))
    const again = bench.event({ idempotencyKey: 'once' })
    assert.equal(only(await bench.store.deliveries.insert([again])).deliveries, 2)
  },

  'fanOut: an event that matched nothing is done': async (bench) => {
    const event = await bench.record()
    assert.equal(await fan(bench, only(await bench.claimEvents(MEDIUM)), bench.fanOut([])), 1)
    await bench.pass(MEDIUM)
    assert.deepEqual(await bench.claimEvents(), [])
    assert.deepEqual((await bench.readEvent(event.id)).state, { state: 'fanned_out' })
  },

  'fanOut: an invalid event keeps its issues and is never claimed again': async (bench) => {
    const event = await bench.record()
    const issues = [{ path: 'data.runId', message: 'is required' }]
    const verdict = { ...ref(only(await bench.claimEvents(MEDIUM))), outcome: invalid(issues) }
    assert.equal(await bench.store.deliveries.fanOut([verdict]), 1)
    assert.deepEqual((await bench.readEvent(event.id)).state, { state: 'invalid', issues })
    await bench.pass(MEDIUM)
    assert.deepEqual(await bench.claimEvents(), [])
  },

  'fanOut: an event fans out once': async (bench) => {
    const endpoint = await bench.endpoint()
    await bench.record()
    const claimed = only(await bench.claimEvents())
    assert.equal(await fan(bench, claimed, bench.fanOut([endpoint])), 1)
    assert.equal(await fan(bench, claimed, bench.fanOut([endpoint])), 0)
    assert.equal((await bench.claimIds()).length, 1)
  },

  'fanOut: a token that lost the event writes nothing': async (bench) => {
    const endpoint = await bench.endpoint()
    const event = await bench.record()
    const lost = only(await bench.claimEvents(SHORT))
    await bench.pass(SHORT)
    only(await bench.claimEvents())
    assert.equal(await fan(bench, lost, bench.fanOut([endpoint])), 0)
    assert.deepEqual(await bench.claimIds(), [])
    assert.deepEqual((await bench.readEvent(event.id)).state, { state: 'recorded' })
  },

  "fanOut: another tenant's verdict writes nothing": async (bench) => {
    const endpoint = await bench.endpoint({ tenantId: OTHER })
    await bench.record()
    const claimed = only(await bench.claimEvents())
    assert.equal(await fan(bench, { ...claimed, tenantId: OTHER }, bench.fanOut([endpoint])), 0)
    assert.deepEqual(await bench.claimIds(), [])
  },

  'fanOut: one stale verdict hinders no other': async (bench) => {
    const endpoint = await bench.endpoint()
    await bench.record()
    await bench.record()
    const [first, second] = await bench.claimEvents()
    assert.ok(first && second)
    const verdicts = [{ ...first, token: second.token }, second].map((claimed) => ({
      ...ref(claimed),
      outcome: { kind: 'fanned_out' as const, ...bench.fanOut([endpoint]) },
    }))
    assert.equal(await bench.store.deliveries.fanOut(verdicts), 1)
    assert.equal((await bench.claimOne()).eventId, second.id)
  },

  'fanOut: a delivery sends the bytes of its envelope': async (bench) => {
    const [plain, other] = await bench.endpoints(2)
    assert.ok(plain && other)
    await bench.record({ body: new Uint8Array([1]) })
    await fan(bench, only(await bench.claimEvents()), {
      deliveries: [bench.newDelivery(plain), bench.newDelivery(other, { envelope: 'raw' })],
      bodies: [{ envelope: 'raw', body: new Uint8Array([2]) }],
    })
    const { deliveries } = await bench.claim()
    const sent = deliveries.map(({ endpoint, body }) => [endpoint.id, ...(body ?? [])])
    assert.deepEqual(sent.sort(), [
      [plain.id, 1],
      [other.id, 2],
    ])
  },

  'fanOut: a delivery to an endpoint that is gone by then is stored canceled': async (bench) => {
    const endpoint = await bench.endpoint()
    await bench.record()
    const claimed = only(await bench.claimEvents())
    await bench.store.endpoints.remove(TENANT, endpoint.id)
    const fanOut = bench.fanOut([endpoint])
    assert.equal(await fan(bench, claimed, fanOut), 1)
    assert.equal(await bench.statusOf(only(fanOut.deliveries).id), 'canceled')
    assert.deepEqual(await bench.claimIds(), [])
  },
} satisfies Laws

const ref = ({ tenantId, id, token }: ClaimedEvent): Omit<EventVerdict, 'outcome'> => ({
  tenantId,
  id,
  token,
})

const invalid = (
  issues: readonly { readonly path: string; readonly message: string }[],
): EventVerdict['outcome'] => ({ kind: 'invalid', issues })

function fan(bench: Bench, claimed: ClaimedEvent, fanOut: FanOut): Promise<number> {
  return bench.store.deliveries.fanOut([
    { ...ref(claimed), outcome: { kind: 'fanned_out', ...fanOut } },
  ])
}
