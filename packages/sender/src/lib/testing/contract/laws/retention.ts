import assert from 'node:assert/strict'
import type { Pruned, PruneRequest } from '../../../ports/retention'
import type { Bench } from '../bench'
import { inTurn, only, TENANT } from '../helpers'
import type { Laws } from '../law'

/** `pass(OLD)` makes older than `AGE`. */
const OLD = 60
const AGE = 30
/** So much older is what was there before something that must stay young on a slow machine. */
const GAP = 2_000

export const retentionLaws = {
  'prune: drops the payloads of old events, and keeps those of young ones': async (bench) => {
    const old = await finished(bench)
    const age = await ageBetween(bench)
    const young = await bench.send([])
    assert.equal((await prune(bench, { events: await age() })).payloads, 1)
    const record = await bench.readEvent(old.eventId)
    assert.equal(record.body, undefined)
    assert.ok((await bench.readEvent(young.event.id)).body)
    assert.equal(await bench.statusOf(old.deliveryId), 'succeeded')
  },

  'prune: a dropped idempotency key is free again, a kept one is not': async (bench) => {
    await bench.send([], { idempotencyKey: 'old' })
    const age = await ageBetween(bench)
    await bench.send([], { idempotencyKey: 'young' })
    await prune(bench, { events: await age() })
    const again = ['old', 'young'].map((idempotencyKey) => bench.event({ idempotencyKey }))
    const answers = await bench.store.deliveries.insert(again)
    assert.deepEqual(
      answers.map(({ duplicate }) => duplicate),
      [false, true],
    )
  },

  'prune: what an unfinished delivery needs is never dropped': async (bench) => {
    const endpoint = await bench.endpoint()
    const waiting = await bench.send([endpoint])
    await bench.pass(OLD)
    const leased = await bench.claimOne()
    await drain(bench, { events: AGE, attempts: AGE })
    assert.ok((await bench.readEvent(waiting.event.id)).body)
    const retry = { status: 'pending', retryInMs: 0, deferred: false } as const
    assert.equal(await bench.settle(leased, retry), 'applied')
    await drain(bench, { events: AGE, attempts: AGE })
    assert.deepEqual([...((await bench.claimOne()).body ?? [])], [...waiting.event.body])
  },

  'prune: bytes in another envelope stay while an unfinished delivery needs them': async (
    bench,
  ) => {
    const [first, second] = await bench.endpoints(2)
    assert.ok(first && second)
    await bench.send([], {
      fanOut: {
        deliveries: [bench.newDelivery(first), bench.newDelivery(second, { envelope: 'raw' })],
        bodies: [{ envelope: 'raw', body: new Uint8Array([9]) }],
      },
    })
    const { deliveries } = await bench.claim({ leaseMs: AGE })
    const done = deliveries.find(({ endpoint }) => endpoint.id === first.id)
    assert.ok(done)
    await bench.settle(done)
    await bench.pass(OLD)
    await drain(bench, { events: AGE, attempts: AGE })
    assert.deepEqual([...((await bench.claimOne()).body ?? [])], [9])
  },

  'prune: what a recorded event needs is never dropped': async (bench) => {
    const event = await bench.record({ idempotencyKey: 'once' })
    await bench.pass(OLD)
    await drain(bench, { events: AGE, attempts: AGE })
    assert.deepEqual([...only(await bench.claimEvents()).body], [...event.body])
  },

  'prune: drops old attempts and finished deliveries, and keeps young ones': async (bench) => {
    const old = await finished(bench)
    const age = await ageBetween(bench)
    const young = await finished(bench)
    const dropped = await drain(bench, async () => ({ attempts: await age() }))
    assert.equal(dropped.attempts, 1)
    assert.equal(dropped.deliveries, 1)
    assert.equal(await bench.store.log.get(TENANT, old.deliveryId), undefined)
    assert.deepEqual(await bench.store.log.attempts(TENANT, old.deliveryId), [])
    assert.equal(await bench.statusOf(young.deliveryId), 'succeeded')
    assert.equal((await bench.store.log.attempts(TENANT, young.deliveryId)).length, 1)
  },

  'prune: an unfinished delivery is kept, however old': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    await bench.pass(OLD)
    assert.equal((await drain(bench, { attempts: AGE })).deliveries, 0)
    assert.deepEqual(await bench.claimIds(), [id])
  },

  'prune: an event goes once it has neither payload nor delivery': async (bench) => {
    const { eventId } = await finished(bench)
    await bench.pass(OLD)
    await drain(bench, { attempts: AGE })
    assert.ok((await bench.readEvent(eventId)).body, 'while it has a payload')
    assert.equal((await drain(bench, { events: AGE, attempts: AGE })).events, 1)
    assert.equal(await bench.store.log.event(TENANT, eventId), undefined)
    assert.deepEqual((await bench.store.log.events({ limit: 10 })).items, [])
  },

  'prune: an age that is not given keeps for ever': async (bench) => {
    const { eventId, deliveryId } = await finished(bench)
    await bench.pass(OLD)
    const nothing = { payloads: 0, attempts: 0, deliveries: 0, events: 0 }
    assert.deepEqual(await prune(bench, {}), nothing)
    assert.ok((await bench.readEvent(eventId)).body)
    await prune(bench, { events: AGE })
    assert.equal(await bench.statusOf(deliveryId), 'succeeded')
    assert.equal((await bench.store.log.attempts(TENANT, deliveryId)).length, 1)
  },

  'prune: no call touches more rows of a kind than its limit, and repeated calls come to an end':
    async (bench) => {
      await inTurn(5, () => finished(bench))
      await bench.pass(OLD)
      const request = { events: AGE, attempts: AGE, limit: 2 }
      const total = await drain(bench, request)
      assert.deepEqual(total, { payloads: 5, attempts: 5, deliveries: 5, events: 5 })
      const { succeeded } = await bench.store.log.statistics()
      assert.equal(succeeded, 0)
    },
} satisfies Laws

async function finished(
  bench: Bench,
): Promise<{ readonly eventId: string; readonly deliveryId: string }> {
  const endpoint = await bench.endpoint()
  const deliveryId = await bench.sendTo(endpoint)
  const { now, deliveries } = await bench.claim()
  const claimed = only(deliveries)
  await bench.settle(claimed, { status: 'succeeded' }, bench.attempt(claimed, { startedAt: now }))
  return { eventId: claimed.eventId, deliveryId }
}

/** Lets the gap pass. Answers the age that lies in its middle, by the store's clock: it grows with whatever comes between. */
async function ageBetween(bench: Bench): Promise<() => Promise<number>> {
  const now = async () => (await bench.store.deliveries.claimEvents({ limit: 1, leaseMs: AGE })).now
  await bench.pass(GAP)
  const end = await now()
  return async () => (await now()) - end + GAP / 2
}

function prune(bench: Bench, request: Partial<PruneRequest>): Promise<Pruned> {
  return bench.store.retention.prune({ limit: 100, ...request })
}

type AgedRequest = () => Promise<Partial<PruneRequest>>

/** Prunes until there is nothing left to drop; answers how much there was. */
async function drain(bench: Bench, asked: Partial<PruneRequest> | AgedRequest): Promise<Pruned> {
  const total = { payloads: 0, attempts: 0, deliveries: 0, events: 0 }
  for (let calls = 0; calls < 50; calls += 1) {
    const request = typeof asked === 'function' ? await asked() : asked
    const { payloads, attempts, deliveries, events } = await prune(bench, request)
    const most = Math.max(payloads, attempts, deliveries, events)
    assert.ok(most <= (request.limit ?? 100), 'more than the limit')
    if (most === 0) return total
    total.payloads += payloads
    total.attempts += attempts
    total.deliveries += deliveries
    total.events += events
  }
  return assert.fail('prune never came to an end')
}
