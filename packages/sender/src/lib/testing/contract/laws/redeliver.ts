import assert from 'node:assert/strict'
import type { EndpointRecord } from '../../../model/endpoint'
import type { NewEvent } from '../../../model/event'
import type { Bench } from '../bench'
import { at, OTHER, only, TENANT } from '../helpers'
import type { Laws } from '../law'

export const redeliverLaws = {
  'redeliver: a new delivery of the old message, due at once': async (bench) => {
    const { event, endpoint, id: first } = await delivered(bench)
    const item = bench.redelivery(event, endpoint, { replayOf: first })
    assert.deepEqual(await bench.store.deliveries.redeliver([item]), ['created'])
    const claimed = await bench.claimOne()
    assert.equal(claimed.lease.deliveryId, item.id)
    assert.equal(claimed.messageId, event.id)
    assert.equal(claimed.eventType, event.type)
    assert.deepEqual([...(claimed.body ?? [])], [...event.body])
    assert.deepEqual(claimed.progress, { attempt: 1, lost: 0, soloLost: 0, deferred: 0 })
    assert.equal((await bench.readDelivery(item.id)).replayOf, first)
    assert.equal(await bench.statusOf(first), 'succeeded')
  },

  'redeliver: as new, every delivery has a message id of its own': async (bench) => {
    const { event, endpoint } = await delivered(bench)
    const messages = new Set([event.id])
    for (let round = 0; round < 3; round += 1) {
      const item = bench.redelivery(event, endpoint, { as: 'new' })
      assert.deepEqual(await bench.store.deliveries.redeliver([item]), ['created'])
      const claimed = await bench.claimOne()
      assert.match(claimed.messageId, new RegExp(`^${event.id}-r[1-9]\\d*$`))
      messages.add(claimed.messageId)
      await bench.settle(claimed)
    }
    assert.equal(messages.size, 4)
  },

  'redeliver: nothing while a delivery of the event to the endpoint is unfinished': async (
    bench,
  ) => {
    const endpoint = await bench.endpoint()
    const { event } = await bench.send([endpoint])
    const replay = () => bench.store.deliveries.redeliver([bench.redelivery(event, endpoint)])
    assert.deepEqual(await replay(), ['pending'])
    const claimed = await bench.claimOne()
    assert.deepEqual(await replay(), ['pending'])
    await bench.settle(claimed, { status: 'pending', retryInMs: 60_000, deferred: false })
    assert.deepEqual(await replay(), ['pending'])
    assert.deepEqual(await bench.claimIds(), [])
  },

  'redeliver: another endpoint that never had the event is free to get it': async (bench) => {
    const { event } = await bench.send([await bench.endpoint()])
    await bench.claimOne()
    const late = await bench.endpoint()
    const item = bench.redelivery(event, late)
    assert.deepEqual(await bench.store.deliveries.redeliver([item]), ['created'])
    assert.equal((await bench.claimOne()).endpoint.id, late.id)
  },

  'redeliver: within one batch the second of two alike waits for the first': async (bench) => {
    const { event, endpoint } = await delivered(bench)
    const batch = [bench.redelivery(event, endpoint), bench.redelivery(event, endpoint)]
    assert.deepEqual(await bench.store.deliveries.redeliver(batch), ['created', 'pending'])
    assert.deepEqual(await bench.claimIds(), [at(batch, 0).id])
  },

  'redeliver: of concurrent ones exactly one is created': async (bench) => {
    const other = await bench.handle()
    const { event, endpoint } = await delivered(bench)
    const verdicts = await Promise.all(
      [bench.store, other, bench.store, other].map((store) =>
        store.deliveries.redeliver([bench.redelivery(event, endpoint)]),
      ),
    )
    assert.equal(verdicts.flat().filter((verdict) => verdict === 'created').length, 1)
    assert.equal((await bench.claimIds()).length, 1)
  },

  'redeliver: refused for what is unknown, with the reason; the others are made': async (bench) => {
    const { event, endpoint } = await delivered(bench)
    const gone = await bench.endpoint()
    await bench.store.endpoints.remove(TENANT, gone.id)
    const batch = [
      bench.redelivery({ ...event, id: 'evt_unknown' }, endpoint),
      bench.redelivery(event, gone),
      bench.redelivery(event, endpoint),
    ]
    assert.deepEqual(await bench.store.deliveries.redeliver(batch), [
      'event_not_found',
      'endpoint_not_found',
      'created',
    ])
  },

  "redeliver: another tenant's event and endpoint are unknown": async (bench) => {
    const { event, endpoint } = await delivered(bench)
    const theirs = await bench.endpoint({ tenantId: OTHER })
    const batch = [
      bench.redelivery({ ...event, tenantId: OTHER }, theirs),
      bench.redelivery(event, theirs),
      bench.redelivery({ ...event, tenantId: OTHER }, endpoint),
    ]
    const verdicts = await bench.store.deliveries.redeliver(batch)
    assert.deepEqual(verdicts.slice(0, 2), ['event_not_found', 'endpoint_not_found'])
    assert.notEqual(verdicts[2], 'created')
    assert.deepEqual(await bench.claimIds(), [])
  },

  'redeliver: a pruned payload is refused, not sent empty': async (bench) => {
    const { event, endpoint } = await delivered(bench)
    await bench.pass(SOME_TIME)
    await bench.store.retention.prune({ events: SOME_TIME / 2, limit: 100 })
    const verdicts = await bench.store.deliveries.redeliver([bench.redelivery(event, endpoint)])
    assert.deepEqual(verdicts, ['payload_pruned'])
    assert.deepEqual(await bench.claimIds(), [])
  },

  'redeliver: in another envelope, with the bytes it brings or that are stored': async (bench) => {
    const { event, endpoint } = await delivered(bench)
    for (const body of [new Uint8Array([7]), new Uint8Array([8])]) {
      const item = bench.redelivery(event, endpoint, { envelope: 'raw', body })
      assert.deepEqual(await bench.store.deliveries.redeliver([item]), ['created'])
      const claimed = await bench.claimOne()
      assert.deepEqual([...(claimed.body ?? [])], [7])
      await bench.settle(claimed)
    }
  },
} satisfies Laws

const SOME_TIME = 40

interface Delivered {
  readonly event: NewEvent
  readonly endpoint: EndpointRecord
  readonly id: string
}

/** An event that its one endpoint has got. */
async function delivered(bench: Bench): Promise<Delivered> {
  const endpoint = await bench.endpoint()
  const { event, ids } = await bench.send([endpoint])
  await bench.settle(await bench.claimOne())
  return { event, endpoint, id: only(ids) }
}
