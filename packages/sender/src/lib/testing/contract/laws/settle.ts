import assert from 'node:assert/strict'
import type { NextState } from '../../../model/delivery'
import { at, idsOf, OTHER, only, SHORT, TENANT } from '../helpers'
import type { Laws } from '../law'

const RETRY_NOW: NextState = { status: 'pending', retryInMs: 0, deferred: false }

export const settleLaws = {
  'settle: a finished delivery says how and when, and is never claimed again': async (bench) => {
    const endpoint = await bench.endpoint()
    const ends: readonly NextState[] = [
      { status: 'succeeded' },
      { status: 'failed', reason: 'exhausted' },
      { status: 'failed', reason: 'gone' },
      { status: 'failed', reason: 'aborted' },
      { status: 'failed', reason: 'forbidden_address' },
      { status: 'failed', reason: 'poison' },
      { status: 'failed', reason: 'config' },
      { status: 'skipped', reason: 'disabled' },
    ]
    for (const next of ends) {
      const id = await bench.sendTo(endpoint)
      const claim = await bench.claim({ leaseMs: SHORT })
      assert.equal(await bench.settle(only(claim.deliveries), next), 'applied')
      const { state, progress } = await bench.readDelivery(id)
      assert.ok('finishedAt' in state && state.finishedAt >= claim.now)
      assert.deepEqual(state, { ...next, finishedAt: state.finishedAt })
      assert.equal(progress.attempt, 1)
    }
    await bench.pass(SHORT)
    assert.deepEqual(await bench.claimIds(), [])
  },

  "settle: a retry is due after its delay, by the store's clock": async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const claim = await bench.claim()
    const retry = { status: 'pending', retryInMs: 3_600_000, deferred: false } as const
    assert.equal(await bench.settle(only(claim.deliveries), retry), 'applied')
    const { state, progress } = await bench.readDelivery(id)
    assert.ok(state.status === 'pending')
    const late = state.dueAt - claim.now - 3_600_000
    assert.ok(late >= 0 && late < 10_000, `due ${late} ms late`)
    assert.deepEqual(progress, { attempt: 1, lost: 0, soloLost: 0, deferred: 0 })
  },

  'settle: a deferred retry is counted as deferred': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    await bench.settle(await bench.claimOne(), { status: 'pending', retryInMs: 0, deferred: true })
    const again = await bench.claimOne()
    assert.deepEqual(again.progress, { attempt: 2, lost: 0, soloLost: 0, deferred: 1 })
  },

  'settle: keeps every field of an attempt, and the last status': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const claimed = await bench.claimOne()
    const attempt = bench.attempt(claimed, {
      durationMs: 1234,
      outcome: 'http',
      status: 503,
      requestHeaders: { 'webhook-id': 'evt_1', 'x-team': 'a' },
      responseHeaders: { 'retry-after': '120', 'content-type': 'text/plain' },
      responseBody: new Uint8Array([0, 255, 128]),
      responseTruncated: true,
      error: { code: 'http_503', message: 'The endpoint answered 503.' },
      duplicate: true,
      freshSocket: true,
    })
    await bench.settle(claimed, RETRY_NOW, attempt)
    const logged = only(await bench.store.log.attempts(TENANT, id))
    assert.deepEqual([...(logged.responseBody ?? [])], [0, 255, 128])
    assert.deepEqual({ ...logged, responseBody: attempt.responseBody }, attempt)
    assert.equal((await bench.readDelivery(id)).lastStatus, 503)
  },

  'settle: an attempt without a response keeps the last status there was': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const first = await bench.claimOne()
    await bench.settle(first, RETRY_NOW, bench.attempt(first, { outcome: 'http', status: 500 }))
    const second = await bench.claimOne()
    const { status: _, ...silent } = bench.attempt(second, { outcome: 'timeout' })
    await bench.settle(second, RETRY_NOW, silent)
    assert.equal((await bench.readDelivery(id)).lastStatus, 500)
    assert.deepEqual(at(await bench.store.log.attempts(TENANT, id), 1), silent)
  },

  'settle: a worker that lost its lease changes nothing': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const lost = await bench.claimOne({ leaseMs: SHORT })
    await bench.pass(SHORT)
    const taken = await bench.claimOne()
    const before = await bench.readDelivery(id)
    assert.equal(await bench.settle(lost), 'stale')
    assert.deepEqual(await bench.readDelivery(id), before)
    assert.equal(await bench.settle(taken, { status: 'failed', reason: 'gone' }), 'applied')
    assert.equal(await bench.settle(lost), 'stale')
    assert.equal(await bench.statusOf(id), 'failed')
  },

  'settle: a stale attempt is logged all the same': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const lost = await bench.claimOne({ leaseMs: SHORT })
    await bench.pass(SHORT)
    const taken = await bench.claimOne()
    await bench.settle(taken, { status: 'succeeded' }, bench.attempt(taken))
    await bench.settle(lost, RETRY_NOW, bench.attempt(lost))
    const attempts = await bench.store.log.attempts(TENANT, id)
    assert.deepEqual(
      attempts.map(({ number }) => number),
      [1, 2],
    )
  },

  'settle: token and attempt number both count': async (bench) => {
    await bench.fill(await bench.endpoint(), 2)
    const { deliveries } = await bench.claim()
    const [first, second] = [at(deliveries, 0), at(deliveries, 1)]
    for (const wrong of [{ attempt: 2 }, { attempt: 0 }, { token: second.lease.token }]) {
      assert.equal(await bench.settle({ ...first, lease: { ...first.lease, ...wrong } }), 'stale')
    }
    assert.equal(await bench.statusOf(first.lease.deliveryId), 'delivering')
  },

  'settle: a lease that ran out still counts until another takes it': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const claimed = await bench.claimOne({ leaseMs: SHORT })
    await bench.pass(SHORT)
    assert.equal(await bench.settle(claimed), 'applied')
    assert.equal(await bench.statusOf(id), 'succeeded')
    assert.deepEqual(await bench.claimIds(), [])
  },

  'settle: repeated, it is stale and logs its attempt once': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const claimed = await bench.claimOne()
    const attempt = bench.attempt(claimed)
    assert.equal(await bench.settle(claimed, RETRY_NOW, attempt), 'applied')
    assert.equal(await bench.settle(claimed, RETRY_NOW, attempt), 'stale')
    assert.equal(await bench.statusOf(id), 'pending')
    assert.equal((await bench.store.log.attempts(TENANT, id)).length, 1)
  },

  'settle: one stale settlement hinders no other, and answers keep the order': async (bench) => {
    await bench.fill(await bench.endpoint(), 3)
    const { deliveries } = await bench.claim()
    await bench.store.deliveries.cancel(TENANT, at(idsOf(deliveries), 1))
    const batch = deliveries.map(({ lease }) => ({ lease, next: { status: 'succeeded' as const } }))
    assert.deepEqual(await bench.store.deliveries.settle(batch), ['applied', 'stale', 'applied'])
    const statuses = await Promise.all(idsOf(deliveries).map((id) => bench.statusOf(id)))
    assert.deepEqual(statuses, ['succeeded', 'canceled', 'succeeded'])
  },

  'settle: a batch mixes successes, retries and failures': async (bench) => {
    await bench.fill(await bench.endpoint(), 3)
    const { deliveries } = await bench.claim()
    const nexts: readonly NextState[] = [
      { status: 'succeeded' },
      { status: 'pending', retryInMs: 60_000, deferred: false },
      { status: 'failed', reason: 'forbidden_address' },
    ]
    const batch = deliveries.map(({ lease }, index) => ({ lease, next: at(nexts, index) }))
    await bench.store.deliveries.settle(batch)
    const statuses = await Promise.all(idsOf(deliveries).map((id) => bench.statusOf(id)))
    assert.deepEqual(statuses, ['succeeded', 'pending', 'failed'])
  },

  "settle: another tenant's name for a lease changes nothing": async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const claimed = await bench.claimOne()
    const theirs = { ...claimed, lease: { ...claimed.lease, tenantId: OTHER } }
    const verdict = await bench.settle(theirs, { status: 'succeeded' }, bench.attempt(claimed))
    assert.equal(verdict, 'stale')
    assert.equal(await bench.statusOf(id), 'delivering')
    assert.deepEqual(await bench.store.log.attempts(TENANT, id), [])
  },

  'settle: a delivery nobody knows is stale': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    const claimed = await bench.claimOne()
    const unknown = { ...claimed, lease: { ...claimed.lease, deliveryId: 'dlv_unknown' } }
    const verdict = await bench.settle(unknown, { status: 'succeeded' }, bench.attempt(claimed))
    assert.equal(verdict, 'stale')
  },

  'settle: under one lease exactly one of many takes effect': async (bench) => {
    const other = await bench.handle()
    await bench.sendTo(await bench.endpoint())
    const { lease } = await bench.claimOne()
    const verdicts = await Promise.all(
      [bench.store, other, bench.store, other].map((store) =>
        store.deliveries.settle([{ lease, next: { status: 'succeeded' } }]),
      ),
    )
    assert.equal(verdicts.flat().filter((verdict) => verdict === 'applied').length, 1)
  },

  'settle: an empty batch is answered with nothing': async (bench) => {
    assert.deepEqual(await bench.store.deliveries.settle([]), [])
  },
} satisfies Laws
