import assert from 'node:assert/strict'
import type { EndpointRecord } from '../../../model/endpoint'
import type { Bench } from '../bench'
import { at, claimFrom, MEDIUM, only, SHORT } from '../helpers'
import type { Laws } from '../law'

/** Every failing endpoint of a bench has been failing for longer. */
const probing = { probeAfterMs: 60_000 }

export const probingLaws = {
  'probing: an endpoint that has long been failing has one lease at the most, over all claims':
    async (bench) => {
      await bench.fill(await bench.failingEndpoint(), 4)
      const probe = await bench.claimOne(probing)
      assert.deepEqual(await bench.claimIds(probing), [])
      await bench.settle(probe, { status: 'pending', retryInMs: 60_000, deferred: false })
      assert.equal((await bench.claimIds(probing)).length, 1)
    },

  'probing: concurrent claims together make one probe': async (bench) => {
    const other = await bench.handle()
    await bench.fill(await bench.failingEndpoint(), 8)
    const claims = await Promise.all(
      [bench.store, other, bench.store, other].map((store) => claimFrom(store, probing)),
    )
    only(claims.flatMap(({ deliveries }) => deliveries))
  },

  'probing: a probe whose lease ran out makes room for the next': async (bench) => {
    await bench.fill(await bench.failingEndpoint(), 3)
    await bench.claimOne({ ...probing, leaseMs: SHORT })
    await bench.pass(SHORT)
    await bench.claimOne(probing)
    assert.deepEqual(await bench.claimIds(probing), [])
  },

  'probing: a suspect is claimed under the same cap': async (bench) => {
    const endpoint = await bench.failingEndpoint()
    await bench.sendTo(endpoint)
    await bench.lose(2)
    await bench.sendTo(endpoint)
    await bench.claimOne(probing)
    assert.deepEqual(await bench.claimIds({ ...probing, solo: true }), [])
  },

  'probing: an endpoint that has not been failing for so long keeps its cap': async (bench) => {
    const endpoint = await bench.endpoint()
    await turn(bench, endpoint, 'healthy', 'failing')
    await bench.fill(endpoint, 4)
    assert.equal((await bench.claimIds({ ...probing, perEndpoint: 3 })).length, 3)
  },

  'probing: a healthy endpoint keeps its cap beside one that is probed': async (bench) => {
    const [healthy, failing] = [await bench.endpoint(), await bench.failingEndpoint()]
    for (const endpoint of [healthy, failing]) await bench.fill(endpoint, 4)
    const { deliveries } = await bench.claim({ ...probing, perEndpoint: 3 })
    const count = ({ id }: EndpointRecord) =>
      deliveries.filter(({ endpoint }) => endpoint.id === id).length
    assert.deepEqual([count(healthy), count(failing)], [3, 1])
  },

  'probing: an endpoint that turned healthy flows at its full cap at once': async (bench) => {
    const endpoint = await bench.failingEndpoint()
    await bench.fill(endpoint, 5)
    const probe = await bench.claimOne(probing)
    await putOff(bench, endpoint, 60_000)
    await bench.settle(probe)
    assert.deepEqual(await bench.claimIds(probing), [])
    await turn(bench, endpoint, 'failing', 'healthy')
    assert.equal((await bench.claimIds(probing)).length, 4)
  },

  'probing: none of a failing endpoint is claimed before its next probe': async (bench) => {
    const endpoint = await bench.failingEndpoint()
    const id = await bench.sendTo(endpoint)
    await putOff(bench, endpoint, MEDIUM)
    assert.deepEqual(await bench.claimIds(), [])
    await bench.pass(MEDIUM)
    assert.deepEqual(await bench.claimIds(), [id])
  },

  'probing: a suspect waits for the next probe too': async (bench) => {
    const endpoint = await bench.failingEndpoint()
    await bench.sendTo(endpoint)
    await bench.lose(2)
    await putOff(bench, endpoint, 60_000)
    assert.equal((await bench.claim()).suspects, false)
    assert.deepEqual(await bench.claimIds({ solo: true }), [])
  },

  'probing: a disabled endpoint is not probed, and all of its deliveries are answered': async (
    bench,
  ) => {
    const endpoint = await bench.failingEndpoint()
    const { tenantId, id } = endpoint
    await bench.fill(endpoint, 4)
    await putOff(bench, endpoint, 60_000)
    await bench.store.endpoints.transition([{ tenantId, id, disable: 'failing' }])
    assert.equal((await bench.claimIds({ ...probing, perEndpoint: 10 })).length, 4)
  },

  'nextDueIn: not later than the next probe': async (bench) => {
    const endpoint = await bench.failingEndpoint()
    await bench.sendTo(endpoint)
    await putOff(bench, endpoint, 5_000)
    const due = await bench.store.deliveries.nextDueIn()
    assert.ok(due !== undefined && due <= 5_000)
  },

  'transition: a probe is put off while the endpoint is failing, and never brought forward': async (
    bench,
  ) => {
    const endpoint = await bench.failingEndpoint()
    const { now } = await bench.claim()
    const first = await putOff(bench, endpoint, 60_000)
    assert.ok(first !== undefined && first >= now + 60_000 && first < now + 120_000)
    assert.equal(await putOff(bench, endpoint, 1_000), first)
    assert.ok(((await putOff(bench, endpoint, 600_000)) ?? 0) > first)
    const { health, revision } = await bench.readEndpoint(endpoint)
    assert.ok(health.state === 'failing')
    assert.equal(health.since, 0, 'failing since then as before')
    assert.equal(revision, 3, 'a transition that changes nothing is no write')
    assert.equal(await putOff(bench, await bench.endpoint(), 60_000), undefined)
  },

  'transition: turning healthy ends the wait for a probe, and no throttle': async (bench) => {
    const endpoint = await bench.failingEndpoint()
    const { tenantId, id } = endpoint
    await bench.store.endpoints.transition([
      { tenantId, id, throttleForMs: 60_000, probeInMs: 90_000 },
    ])
    const { throttledUntil } = await bench.readEndpoint(endpoint)
    await turn(bench, endpoint, 'failing', 'healthy')
    const healed = await bench.readEndpoint(endpoint)
    assert.deepEqual(healed.health, { state: 'healthy' })
    assert.ok(throttledUntil !== undefined)
    assert.equal(healed.throttledUntil, throttledUntil)
    await turn(bench, endpoint, 'healthy', 'failing')
    const again = await bench.readEndpoint(endpoint)
    assert.ok(again.health.state === 'failing')
    assert.equal(again.health.probeAt, undefined)
  },

  'transition: what was judged of another time of failing changes nothing': async (bench) => {
    const endpoint = await bench.endpoint()
    const { tenantId, id } = endpoint
    const since = await turn(bench, endpoint, 'healthy', 'failing')
    await bench.pass(5)
    await turn(bench, endpoint, 'failing', 'healthy')
    const late = (failingSince: number) =>
      bench.store.endpoints.transition([
        { tenantId, id, onlyIf: { failingSince }, disable: 'failing', throttleForMs: 60_000 },
      ])
    assert.deepEqual(await late(since), [false], 'healthy by now')
    const anew = await turn(bench, endpoint, 'healthy', 'failing')
    assert.deepEqual(await late(since), [false], 'failing since later')
    const { status, throttledUntil, revision } = await bench.readEndpoint(endpoint)
    assert.deepEqual([status, throttledUntil, revision], ['enabled', undefined, 4])
    assert.deepEqual(await late(anew), [true])
    assert.equal((await bench.readEndpoint(endpoint)).status, 'disabled')
  },

  'transition: what was judged at another URL changes nothing': async (bench) => {
    const endpoint = await bench.endpoint()
    const { tenantId, id } = endpoint
    const gone = (url: string) =>
      bench.store.endpoints.transition([{ tenantId, id, onlyIf: { url }, disable: 'gone' }])
    const moved = await bench.store.endpoints.replace({ ...endpoint, url: 'https://example.com/b' })
    assert.deepEqual(await gone(endpoint.url), [false])
    assert.equal((await bench.readEndpoint(endpoint)).status, 'enabled')
    assert.deepEqual(await gone(moved?.url ?? ''), [true])
  },

  'transition: of concurrent judgements on one time of failing exactly one disables': async (
    bench,
  ) => {
    const other = await bench.handle()
    const endpoint = await bench.failingEndpoint()
    const { tenantId, id } = endpoint
    const disable = {
      ...{ tenantId, id, disable: 'failing' as const },
      onlyIf: { failingSince: 0, url: endpoint.url },
    }
    const answers = await Promise.all(
      [bench.store, other, bench.store].map((store) => store.endpoints.transition([disable])),
    )
    assert.equal(
      at(
        answers.map((one) => one.length),
        0,
      ),
      1,
    )
    assert.equal(answers.flat().filter(Boolean).length, 1)
  },
} satisfies Laws

/** Answers since when it has been failing, 0 when it is not. */
async function turn(
  bench: Bench,
  endpoint: EndpointRecord,
  from: 'healthy' | 'failing',
  to: 'healthy' | 'failing',
): Promise<number> {
  const { tenantId, id } = endpoint
  await bench.store.endpoints.transition([{ tenantId, id, health: { from, to } }])
  const { health } = await bench.readEndpoint(endpoint)
  return health.state === 'failing' ? health.since : 0
}

/** Answers when it is probed next. */
async function putOff(
  bench: Bench,
  endpoint: EndpointRecord,
  probeInMs: number,
): Promise<number | undefined> {
  const { tenantId, id } = endpoint
  await bench.store.endpoints.transition([{ tenantId, id, probeInMs }])
  const { health } = await bench.readEndpoint(endpoint)
  return health.state === 'failing' ? health.probeAt : undefined
}
