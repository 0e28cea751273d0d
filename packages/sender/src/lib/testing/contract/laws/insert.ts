import assert from 'node:assert/strict'
import type { NewEvent } from '../../../model/event'
import type { Bench } from '../bench'
import { at, idsOf, OTHER, only, sorted, TENANT } from '../helpers'
import type { Laws } from '../law'

export const insertLaws = {
  'insert: keeps every field of an event': async (bench) => {
    const event = bench.event({
      id: 'order-17_A',
      type: 'run.node.failed',
      version: 3,
      timestamp: 1_699_999_999_123,
      idempotencyKey: 'run-17',
      orderingKey: 'order 17',
      metadata: { trace: 'abc', 'with space': 'Grüße' },
    })
    await bench.store.deliveries.insert([event])
    const { recordedAt, state, ...kept } = await bench.readEvent(event.id)
    assert.deepEqual(kept, { ...event, body: kept.body })
    assert.deepEqual(state, { state: 'recorded' })
    const { now } = await bench.claim()
    assert.ok(Number.isInteger(recordedAt) && recordedAt <= now, 'recordedAt is by the store clock')
  },

  'insert: a body comes back byte for byte': async (bench) => {
    const bodies = [Uint8Array.from({ length: 256 }, (_, byte) => byte), new Uint8Array()]
    const endpoint = await bench.endpoint()
    for (const body of bodies) {
      const { event } = await bench.send([endpoint], { body })
      assert.deepEqual(bytes((await bench.readEvent(event.id)).body), [...body])
      assert.deepEqual(bytes((await bench.claimOne()).body), [...body])
    }
  },

  'insert: what the caller changes afterwards changes nothing stored': async (bench) => {
    const endpoint = await bench.endpoint()
    const body = new Uint8Array([1, 2, 3])
    await bench.send([endpoint], { body })
    body.fill(0)
    assert.deepEqual(bytes((await bench.claimOne()).body), [1, 2, 3])
  },

  'insert: a matched event is fanned out, its deliveries pending and due at once': async (
    bench,
  ) => {
    const endpoints = await bench.endpoints(2)
    const event = bench.event({ fanOut: bench.fanOut(endpoints) })
    const answer = only(await bench.store.deliveries.insert([event]))
    assert.deepEqual(answer, { eventId: event.id, duplicate: false, deliveries: 2 })
    assert.deepEqual((await bench.readEvent(event.id)).state, { state: 'fanned_out' })
    const wanted = (event.fanOut?.deliveries ?? []).map(({ id }) => id)
    for (const id of wanted) {
      const record = await bench.readDelivery(id)
      assert.deepEqual(record.progress, { attempt: 0, lost: 0, soloLost: 0, deferred: 0 })
      assert.equal(record.state.status, 'pending')
      assert.equal(record.messageId, event.id)
    }
    assert.deepEqual(sorted(await bench.claimIds()), sorted(wanted))
  },

  'insert: an event is only recorded while nothing is matched': async (bench) => {
    await bench.endpoint()
    const event = bench.event()
    const answer = only(await bench.store.deliveries.insert([event]))
    assert.deepEqual(answer, { eventId: event.id, duplicate: false, deliveries: 0 })
    assert.deepEqual((await bench.readEvent(event.id)).state, { state: 'recorded' })
    assert.deepEqual(await bench.claimIds(), [])
  },

  'insert: a skipped delivery is finished, never claimed and not counted': async (bench) => {
    const endpoint = await bench.endpoint()
    const skipped = bench.newDelivery(endpoint, {
      state: { status: 'skipped', reason: 'filtered' },
    })
    const event = bench.event({ fanOut: { deliveries: [skipped], bodies: [] } })
    const answer = only(await bench.store.deliveries.insert([event]))
    assert.equal(answer.deliveries, 0)
    const { state } = await bench.readDelivery(skipped.id)
    assert.ok(state.status === 'skipped' && state.reason === 'filtered')
    assert.deepEqual(await bench.claimIds(), [])
  },

  'insert: a known idempotency key writes nothing and answers the first event': async (bench) => {
    const endpoints = await bench.endpoints(2)
    const first = await bench.send(endpoints, { idempotencyKey: 'once' })
    await assertDuplicate(bench, first.event, {
      ...bench.event({ idempotencyKey: 'once', type: 'run.failed' }),
      fanOut: bench.fanOut(endpoints),
    })
  },

  'insert: a known event id writes nothing and answers the first event': async (bench) => {
    const endpoints = await bench.endpoints(2)
    const first = await bench.send(endpoints)
    await assertDuplicate(bench, first.event, {
      ...bench.event({ id: first.event.id, type: 'run.failed', body: new Uint8Array([1]) }),
      fanOut: bench.fanOut(endpoints),
    })
  },

  'insert: a duplicate of an event that waits to be matched counts no deliveries': async (
    bench,
  ) => {
    const first = await bench.record({ idempotencyKey: 'once' })
    const again = bench.event({ idempotencyKey: 'once' })
    const answer = only(await bench.store.deliveries.insert([again]))
    assert.deepEqual(answer, { eventId: first.id, duplicate: true, deliveries: 0 })
  },

  'insert: a duplicate within one batch is found': async (bench) => {
    const [first, second] = [
      bench.event({ idempotencyKey: 'once' }),
      bench.event({ idempotencyKey: 'once' }),
    ]
    const answers = await bench.store.deliveries.insert([first, second])
    assert.deepEqual(
      answers.map(({ eventId, duplicate }) => [eventId, duplicate]),
      [
        [first.id, false],
        [first.id, true],
      ],
    )
    assert.equal(await bench.store.log.event(TENANT, second.id), undefined)
  },

  'insert: a duplicate hinders no other event of its batch, and answers keep the order': async (
    bench,
  ) => {
    const known = await bench.record({ idempotencyKey: 'once' })
    const batch = [bench.event(), bench.event({ idempotencyKey: 'once' }), bench.event()]
    const answers = await bench.store.deliveries.insert(batch)
    assert.deepEqual(
      answers.map(({ eventId }) => eventId),
      [at(batch, 0).id, known.id, at(batch, 2).id],
    )
    assert.deepEqual(
      answers.map(({ duplicate }) => duplicate),
      [false, true, false],
    )
    for (const index of [0, 2]) await bench.readEvent(at(batch, index).id)
  },

  'insert: ids and idempotency keys of one tenant are free to another': async (bench) => {
    const mine = await bench.record({ idempotencyKey: 'once' })
    const theirs = bench.event({ tenantId: OTHER, id: mine.id, idempotencyKey: 'once' })
    const answer = only(await bench.store.deliveries.insert([theirs]))
    assert.equal(answer.duplicate, false)
    assert.equal((await bench.readEvent(mine.id, OTHER)).tenantId, OTHER)
  },

  'insert: a delivery to an endpoint that is gone is stored canceled': async (bench) => {
    const endpoint = await bench.endpoint()
    await bench.store.endpoints.remove(TENANT, endpoint.id)
    const id = await bench.sendTo(endpoint)
    assert.equal(await bench.statusOf(id), 'canceled')
    assert.deepEqual(await bench.claimIds(), [])
  },

  "insert: a delivery to another tenant's endpoint is stored canceled": async (bench) => {
    const theirs = await bench.endpoint({ tenantId: OTHER })
    const { ids } = await bench.send([theirs])
    assert.equal(await bench.statusOf(only(ids)), 'canceled')
    assert.deepEqual(await bench.claimIds(), [])
  },

  'insert: of concurrent duplicates exactly one is the first': async (bench) => {
    const other = await bench.handle()
    const batches = Array.from({ length: 8 }, () => [bench.event({ idempotencyKey: 'once' })])
    const answers = await Promise.all(
      batches.map((batch, index) =>
        (index % 2 === 0 ? bench.store : other).deliveries.insert(batch),
      ),
    )
    const firsts = answers.flat().filter(({ duplicate }) => !duplicate)
    assert.equal(firsts.length, 1)
    assert.equal(new Set(answers.flat().map(({ eventId }) => eventId)).size, 1)
    assert.equal((await bench.store.log.events({ limit: 10 })).items.length, 1)
  },

  'insert: an empty batch is answered with nothing': async (bench) => {
    assert.deepEqual(await bench.store.deliveries.insert([]), [])
  },
} satisfies Laws

const bytes = (body: Uint8Array | undefined): readonly number[] => [...(body ?? [])]

async function assertDuplicate(bench: Bench, first: NewEvent, again: NewEvent): Promise<void> {
  const before = await bench.readEvent(first.id)
  const answer = only(await bench.store.deliveries.insert([again]))
  assert.deepEqual(answer, { eventId: first.id, duplicate: true, deliveries: 2 })
  assert.deepEqual(await bench.readEvent(first.id), before)
  assert.equal((await bench.store.log.events({ limit: 10 })).items.length, 1)
  const { deliveries } = await bench.claim()
  assert.deepEqual(
    sorted(idsOf(deliveries)),
    sorted((first.fanOut?.deliveries ?? []).map(({ id }) => id)),
  )
}
