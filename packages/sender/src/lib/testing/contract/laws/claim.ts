import assert from 'node:assert/strict'
import { at, claimFrom, idsOf, MEDIUM, only, SHORT, sorted, TENANT } from '../helpers'
import type { Laws } from '../law'

export const claimLaws = {
  'claim: answers all that an attempt needs': async (bench) => {
    const endpoint = await bench.endpoint({ url: 'https://example.com/a', headers: { 'x-a': '1' } })
    const { event, ids } = await bench.send([endpoint], { metadata: { trace: 'abc' } })
    const claim = await bench.claim()
    const claimed = only(claim.deliveries)
    const { lease, body, createdAt, ...rest } = claimed
    assert.deepEqual(rest, {
      eventId: event.id,
      eventType: event.type,
      messageId: event.id,
      progress: { attempt: 1, lost: 0, soloLost: 0, deferred: 0 },
      endpoint,
      metadata: { trace: 'abc' },
    })
    assert.deepEqual([...(body ?? [])], [...event.body])
    assert.ok(createdAt <= claim.now && claim.now - createdAt < 60_000, 'createdAt is by one clock')
    const { tenantId, deliveryId, attempt } = lease
    const wanted = { tenantId: TENANT, deliveryId: only(ids), attempt: 1 }
    assert.deepEqual({ tenantId, deliveryId, attempt }, wanted)
  },

  "claim: answers the store's now, from which the lease runs": async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const { now } = await bench.claim({ leaseMs: 10_000 })
    const { state } = await bench.readDelivery(id)
    assert.ok(state.status === 'delivering')
    assert.equal(state.leasedUntil, now + 10_000)
    await bench.pass(5)
    assert.ok((await bench.claim()).now > now, 'the clock runs')
  },

  'claim: nobody else is given a delivery under its lease': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    await bench.claimOne()
    assert.deepEqual(await bench.claimIds(), [])
  },

  'claim: a delivery whose lease ran out is claimed again, and counted as lost': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const lost = await bench.claimOne({ leaseMs: SHORT })
    await bench.pass(SHORT)
    const again = await bench.claimOne()
    assert.equal(again.lease.deliveryId, id)
    assert.deepEqual(again.progress, { attempt: 2, lost: 1, soloLost: 0, deferred: 0 })
    assert.equal(again.lease.attempt, 2)
    assert.notEqual(again.lease.token, lost.lease.token)
  },

  'claim: every claim has a token of its own': async (bench) => {
    await bench.fill(await bench.endpoint(), 5)
    const { deliveries } = await bench.claim()
    assert.equal(new Set(deliveries.map(({ lease }) => lease.token)).size, 5)
  },

  'claim: nothing that is not due yet': async (bench) => {
    await bench.sendTo(await bench.endpoint())
    await bench.settle(await bench.claimOne(), {
      status: 'pending',
      retryInMs: 60_000,
      deferred: false,
    })
    assert.deepEqual(await bench.claimIds(), [])
  },

  'claim: a retry once it is due, as the next attempt': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const retry = { status: 'pending', retryInMs: SHORT, deferred: false } as const
    await bench.settle(await bench.claimOne(), retry)
    await bench.pass(SHORT)
    const again = await bench.claimOne()
    assert.equal(again.lease.deliveryId, id)
    assert.deepEqual(again.progress, { attempt: 2, lost: 0, soloLost: 0, deferred: 0 })
  },

  'claim: never more than the limit, and nothing without a free slot': async (bench) => {
    await bench.fill(await bench.endpoint(), 3)
    await bench.fill(await bench.endpoint(), 3)
    assert.equal((await bench.claimIds({ limit: 0 })).length, 0)
    assert.equal((await bench.claimIds({ limit: 4 })).length, 4)
    assert.equal((await bench.claimIds({ limit: 4 })).length, 2)
  },

  'claim: fills the free slots while enough is due': async (bench) => {
    await bench.fill(await bench.endpoint(), 6)
    assert.equal((await bench.claimIds({ limit: 5, perEndpoint: 5 })).length, 5)
  },

  'claim: the longest due of an endpoint come first': async (bench) => {
    const endpoint = await bench.endpoint()
    const first = await bench.sendTo(endpoint)
    await bench.pass(5)
    const retried = await bench.sendTo(endpoint)
    await bench.pass(5)
    const third = await bench.sendTo(endpoint)
    const claimed = (await bench.claim()).deliveries
    assert.deepEqual(idsOf(claimed), [first, retried, third])
    const delays = [SHORT, 0, SHORT / 2]
    await bench.store.deliveries.settle(
      claimed.map(({ lease }, index) => ({
        lease,
        next: { status: 'pending', retryInMs: at(delays, index), deferred: false },
      })),
    )
    await bench.pass(SHORT)
    assert.deepEqual(await bench.claimIds({ limit: 1 }), [retried])
    assert.deepEqual(await bench.claimIds({ limit: 2 }), [third, first])
  },

  'claim: never more leases on an endpoint than its cap, over all claims': async (bench) => {
    const endpoint = await bench.endpoint()
    await bench.fill(endpoint, 6)
    assert.equal((await bench.claimIds({ limit: 2, perEndpoint: 3 })).length, 2)
    assert.equal((await bench.claimIds({ perEndpoint: 3 })).length, 1)
    assert.equal((await bench.claimIds({ perEndpoint: 3 })).length, 0)
  },

  'claim: a settled or released delivery frees its place under the cap': async (bench) => {
    await bench.fill(await bench.endpoint(), 5)
    const { deliveries } = await bench.claim({ perEndpoint: 2 })
    await bench.settle(at(deliveries, 0))
    await bench.store.deliveries.release([at(deliveries, 1).lease])
    assert.equal((await bench.claimIds({ perEndpoint: 2 })).length, 2)
  },

  'claim: a lease that ran out no longer counts towards the cap': async (bench) => {
    await bench.fill(await bench.endpoint(), 4)
    await bench.claim({ limit: 2, perEndpoint: 2, leaseMs: SHORT })
    await bench.pass(SHORT)
    assert.equal((await bench.claimIds({ perEndpoint: 2 })).length, 2)
    assert.equal((await bench.claimIds({ perEndpoint: 2 })).length, 0)
  },

  'claim: one endpoint at its cap holds no other back': async (bench) => {
    const [busy, free] = await bench.endpoints(2)
    assert.ok(busy && free)
    await bench.fill(busy, 3)
    await bench.claim({ perEndpoint: 1 })
    const wanted = await bench.sendTo(free)
    assert.deepEqual(await bench.claimIds({ perEndpoint: 1 }), [wanted])
  },

  "claim: a paused endpoint's deliveries wait, and go on when it is enabled": async (bench) => {
    const endpoint = await bench.endpoint()
    const id = await bench.sendTo(endpoint)
    const paused = await bench.store.endpoints.replace({ ...endpoint, status: 'paused' })
    assert.ok(paused)
    assert.deepEqual(await bench.claimIds(), [])
    assert.equal(await bench.statusOf(id), 'pending')
    await bench.store.endpoints.replace({ ...paused, status: 'enabled' })
    assert.deepEqual(await bench.claimIds(), [id])
  },

  "claim: a paused endpoint's lost lease is not claimed again": async (bench) => {
    const endpoint = await bench.endpoint()
    await bench.sendTo(endpoint)
    await bench.claim({ leaseMs: SHORT })
    await bench.store.endpoints.replace({ ...endpoint, status: 'paused' })
    await bench.pass(SHORT)
    assert.deepEqual(await bench.claimIds(), [])
  },

  "claim: a throttled endpoint's deliveries wait until the throttle ends": async (bench) => {
    const endpoint = await bench.endpoint()
    const { tenantId, id } = endpoint
    const wanted = await bench.sendTo(endpoint)
    await bench.store.endpoints.transition([{ tenantId, id, throttleForMs: MEDIUM }])
    assert.deepEqual(await bench.claimIds(), [])
    await bench.pass(MEDIUM)
    assert.deepEqual(await bench.claimIds(), [wanted])
  },

  "claim: a disabled endpoint's deliveries are answered, as disabled": async (bench) => {
    const endpoint = await bench.endpoint()
    const { tenantId, id } = endpoint
    await bench.sendTo(endpoint)
    await bench.store.endpoints.transition([{ tenantId, id, disable: 'gone' }])
    const claimed = await bench.claimOne()
    assert.equal(claimed.endpoint.status, 'disabled')
    assert.equal(claimed.endpoint.disabledReason, 'gone')
  },

  'claim: carries the endpoint as it stands now': async (bench) => {
    const endpoint = await bench.endpoint()
    await bench.sendTo(endpoint)
    await bench.claim({ limit: 0 })
    const moved = await bench.store.endpoints.replace({ ...endpoint, url: 'https://example.com/b' })
    assert.deepEqual((await bench.claimOne()).endpoint, moved)
  },

  'claim: failing endpoints together get at most what they are allowed': async (bench) => {
    const failing = [await bench.failingEndpoint(), await bench.failingEndpoint()]
    const healthy = await bench.endpoint()
    for (const endpoint of [...failing, healthy]) await bench.fill(endpoint, 4)
    const { deliveries } = await bench.claim({ limit: 10, failingLimit: 3 })
    const states = deliveries.map(({ endpoint }) => endpoint.health.state)
    assert.equal(states.filter((state) => state === 'failing').length, 3)
    assert.equal(states.filter((state) => state === 'healthy').length, 4)
  },

  'claim: failing endpoints wait while they are allowed nothing': async (bench) => {
    const failing = await bench.failingEndpoint()
    const wanted = await bench.sendTo(failing)
    assert.deepEqual(await bench.claimIds({ failingLimit: 0 }), [])
    assert.deepEqual(await bench.claimIds({ failingLimit: 1 }), [wanted])
  },

  'claim: concurrent claims never share a delivery': async (bench) => {
    const other = await bench.handle()
    for (const endpoint of await bench.endpoints(4)) await bench.fill(endpoint, 10)
    const claims = await Promise.all(
      [bench.store, other, bench.store, other].map((store) => claimFrom(store, { limit: 10 })),
    )
    const ids = claims.flatMap(({ deliveries }) => idsOf(deliveries))
    assert.equal(new Set(ids).size, ids.length)
    const rest = await bench.claimIds()
    assert.equal(new Set([...ids, ...rest]).size, 40)
    assert.equal(ids.length + rest.length, 40)
  },

  'claim: concurrent claims together keep the cap': async (bench) => {
    const other = await bench.handle()
    await bench.fill(await bench.endpoint(), 12)
    const claims = await Promise.all(
      [bench.store, other, bench.store, other].map((store) => claimFrom(store, { perEndpoint: 3 })),
    )
    assert.equal(claims.flatMap(({ deliveries }) => deliveries).length, 3)
  },

  "claim: serves every tenant, each with its own tenant's lease": async (bench) => {
    const [mine, theirs] = [await bench.endpoint(), await bench.endpoint({ tenantId: 'globex' })]
    await bench.sendTo(mine)
    await bench.sendTo(theirs)
    const { deliveries } = await bench.claim()
    assert.deepEqual(sorted(deliveries.map(({ lease }) => lease.tenantId)), [TENANT, 'globex'])
    for (const { lease, endpoint } of deliveries) assert.equal(lease.tenantId, endpoint.tenantId)
  },
} satisfies Laws
