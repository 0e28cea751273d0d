import assert from 'node:assert/strict'
import type { EndpointRecord } from '../../../model/endpoint'
import type { Bench } from '../bench'
import { TENANT } from '../helpers'
import type { Laws } from '../law'

export const transitionLaws = {
  'transition: health changes from the state named, and says since when': async (bench) => {
    const before = await bench.endpoint()
    await bench.pass(5)
    assert.equal(await turn(bench, before, 'healthy', 'failing'), true)
    const failing = await bench.readEndpoint(before)
    assert.ok(failing.health.state === 'failing')
    assert.ok(failing.health.since > before.createdAt && failing.health.since <= failing.updatedAt)
    assert.equal(failing.revision, 2)
    assert.equal(await turn(bench, before, 'failing', 'healthy'), true)
    const healed = await bench.readEndpoint(before)
    assert.deepEqual(healed.health, { state: 'healthy' })
    assert.equal(healed.revision, 3)
  },

  'transition: a failing endpoint keeps its since': async (bench) => {
    const endpoint = await bench.endpoint()
    await turn(bench, endpoint, 'healthy', 'failing')
    const before = await bench.readEndpoint(endpoint)
    await bench.pass(5)
    assert.equal(await turn(bench, endpoint, 'healthy', 'failing'), false)
    assert.equal(await turn(bench, endpoint, 'failing', 'failing'), false)
    assert.deepEqual((await bench.readEndpoint(endpoint)).health, before.health)
  },

  'transition: health that is not as named stays as it is': async (bench) => {
    const endpoint = await bench.failingEndpoint()
    assert.equal(await turn(bench, endpoint, 'healthy', 'failing'), false)
    assert.equal(await turn(bench, endpoint, 'healthy', 'healthy'), false)
    assert.deepEqual((await bench.readEndpoint(endpoint)).health, { state: 'failing', since: 0 })
    const healthy = await bench.endpoint()
    assert.equal(await turn(bench, healthy, 'failing', 'healthy'), false)
    assert.equal(await turn(bench, healthy, 'failing', 'failing'), false)
    assert.deepEqual((await bench.readEndpoint(healthy)).health, { state: 'healthy' })
  },

  'transition: disables once, and the first reason stays': async (bench) => {
    const [enabled, paused] = [await bench.endpoint(), await bench.endpoint({ status: 'paused' })]
    for (const { tenantId, id } of [enabled, paused]) {
      const disable = (reason: 'gone' | 'failing') =>
        bench.store.endpoints.transition([{ tenantId, id, disable: reason }])
      assert.deepEqual(await disable('gone'), [true])
      assert.deepEqual(await disable('failing'), [false])
    }
    const record = await bench.readEndpoint(enabled)
    assert.equal(record.status, 'disabled')
    assert.equal(record.disabledReason, 'gone')
    assert.equal(record.revision, 2)
  },

  'transition: a throttle is never shortened': async (bench) => {
    const endpoint = await bench.endpoint()
    const { tenantId, id } = endpoint
    const throttle = async (throttleForMs: number) => {
      const changed = await bench.store.endpoints.transition([{ tenantId, id, throttleForMs }])
      assert.deepEqual(changed, [false], 'neither health nor status changed')
      return (await bench.readEndpoint(endpoint)).throttledUntil ?? 0
    }
    const { now } = await bench.claim()
    const long = await throttle(60_000)
    assert.ok(long >= now + 60_000 && long < now + 120_000)
    assert.equal(await throttle(1_000), long)
    assert.ok((await throttle(600_000)) > long)
  },

  'transition: a write between makes a replace stale': async (bench) => {
    const endpoint = await bench.endpoint()
    await turn(bench, endpoint, 'healthy', 'failing')
    assert.equal(await bench.store.endpoints.replace(endpoint), undefined)
    assert.equal((await bench.readEndpoint(endpoint)).health.state, 'failing')
  },

  'transition: an unknown endpoint hinders no other': async (bench) => {
    const endpoint = await bench.endpoint()
    const disable = { tenantId: TENANT, disable: 'manual' } as const
    const answers = await bench.store.endpoints.transition([
      { ...disable, id: 'ep_unknown' },
      { ...disable, id: endpoint.id },
    ])
    assert.deepEqual(answers, [false, true])
    assert.equal((await bench.readEndpoint(endpoint)).status, 'disabled')
  },

  'transition: of concurrent ones exactly one says that it changed anything': async (bench) => {
    const other = await bench.handle()
    const { tenantId, id } = await bench.endpoint()
    const change = { tenantId, id, health: { from: 'healthy', to: 'failing' } } as const
    const answers = await Promise.all(
      [bench.store, other, bench.store].map((store) => store.endpoints.transition([change])),
    )
    assert.equal(answers.flat().filter(Boolean).length, 1)
  },
} satisfies Laws

async function turn(
  bench: Bench,
  { tenantId, id }: EndpointRecord,
  from: 'healthy' | 'failing',
  to: 'healthy' | 'failing',
): Promise<boolean | undefined> {
  const [changed] = await bench.store.endpoints.transition([{ tenantId, id, health: { from, to } }])
  return changed
}
