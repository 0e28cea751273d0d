import assert from 'node:assert/strict'
import type { EndpointRecord } from '../../../model/endpoint'
import type { EndpointQuery, NewEndpoint } from '../../../ports/endpoint-store'
import type { Bench } from '../bench'
import { OTHER, readPages, sorted, TENANT } from '../helpers'
import type { Laws } from '../law'

const FULL: Partial<NewEndpoint> = {
  name: 'Orders',
  description: 'Grüße',
  eventTypes: ['run.*', 'order.paid'],
  filter: { and: [{ path: 'a.b', eq: null }, { not: { path: 'c', in: [1, 'x', true] } }] },
  status: 'paused',
  health: { state: 'failing', since: 1_700_000_000_000 },
  throttledUntil: 1_700_000_000_500,
  headers: { 'x-key': 'value' },
  sealedHeaders: { 'x-token': 'v0:plain:t' },
  authorization: {
    kind: 'oauth2',
    tokenUrl: 'https://example.com/token',
    clientId: 'c',
    clientSecret: 'v0:plain:s',
    scope: 'a b',
  },
  tls: { ca: 'ca', certificate: 'certificate', key: 'v0:plain:k' },
  rateLimit: { limit: 50, perMs: 1000 },
  ordered: 'block',
  retry: { schedule: [0, 1000], jitter: 0, maxAttempts: 2 },
  timeoutMs: 5_000,
  envelope: 'raw',
  schemes: ['standard', 'svix'],
  secrets: [
    { id: 'sec_1', value: 'v0:plain:whsec_a', createdAt: 1, expiresAt: 2 },
    { id: 'sec_2', value: 'v0:plain:whsec_b', createdAt: 3 },
  ],
  metadata: { team: 'a' },
}

export const endpointLaws = {
  'endpoints: insert keeps every field, and gives seq, revision and times': async (bench) => {
    for (const endpoint of [bench.newEndpoint(FULL), bench.newEndpoint()]) {
      const record = await bench.store.endpoints.insert(endpoint)
      const { seq, revision, createdAt, updatedAt, ...kept } = record
      assert.deepEqual(kept, endpoint)
      assert.equal(revision, 1)
      assert.equal(updatedAt, createdAt)
      assert.ok(Number.isInteger(seq) && Number.isInteger(createdAt))
      assert.deepEqual(await bench.readEndpoint(record), record)
    }
  },

  'endpoints: seq ascends, above deleted ones too': async (bench) => {
    const first = await bench.endpoint()
    const second = await bench.endpoint({ tenantId: OTHER })
    await bench.store.endpoints.remove(OTHER, second.id)
    const third = await bench.endpoint()
    await bench.store.endpoints.remove(TENANT, first.id)
    await bench.store.endpoints.remove(TENANT, third.id)
    const fourth = await bench.endpoint()
    assert.ok(first.seq < second.seq && second.seq < third.seq && third.seq < fourth.seq)
  },

  "endpoints: another tenant's id is as unknown": async (bench) => {
    const theirs = await bench.endpoint({ tenantId: OTHER })
    const { endpoints } = bench.store
    assert.equal(await endpoints.get(TENANT, theirs.id), undefined)
    assert.equal(await endpoints.replace({ ...theirs, tenantId: TENANT }), undefined)
    assert.equal(await endpoints.remove(TENANT, theirs.id), false)
    const change = { tenantId: TENANT, id: theirs.id, disable: 'manual' } as const
    assert.deepEqual(await endpoints.transition([change]), [false])
    assert.deepEqual(await endpoints.forTenant(TENANT), [])
    assert.deepEqual((await endpoints.list({ tenantId: TENANT, limit: 10 })).items, [])
    assert.deepEqual(await bench.readEndpoint(theirs), theirs)
  },

  'endpoints: replace writes the record, and raises the revision': async (bench) => {
    const before = await bench.endpoint(FULL)
    await bench.pass(5)
    const { name: _, filter: __, throttledUntil: ___, ...rest } = before
    const wanted = { ...rest, url: 'https://example.com/new', status: 'enabled' as const }
    const after = await bench.store.endpoints.replace({ ...wanted, seq: 0, createdAt: 0 })
    assert.ok(after)
    assert.ok(after.updatedAt > before.updatedAt, 'updatedAt is when it was written')
    assert.deepEqual(after, { ...wanted, revision: 2, updatedAt: after.updatedAt })
    assert.deepEqual(await bench.readEndpoint(before), after)
  },

  'endpoints: replace writes nothing over a newer revision': async (bench) => {
    const before = await bench.endpoint()
    const after = await bench.store.endpoints.replace({ ...before, name: 'first' })
    assert.equal(await bench.store.endpoints.replace({ ...before, name: 'second' }), undefined)
    assert.deepEqual(await bench.readEndpoint(before), after)
  },

  'endpoints: replace of an endpoint that is gone answers undefined': async (bench) => {
    const endpoint = await bench.endpoint()
    await bench.store.endpoints.remove(TENANT, endpoint.id)
    assert.equal(await bench.store.endpoints.replace(endpoint), undefined)
    assert.equal(await bench.store.endpoints.get(TENANT, endpoint.id), undefined)
  },

  'endpoints: of concurrent replaces exactly one is written': async (bench) => {
    const other = await bench.handle()
    const before = await bench.endpoint()
    const answers = await Promise.all(
      [bench.store, other, bench.store, other].map((store, index) =>
        store.endpoints.replace({ ...before, name: `writer ${index}` }),
      ),
    )
    const written = answers.filter((answer) => answer !== undefined)
    assert.equal(written.length, 1)
    assert.deepEqual(written, [await bench.readEndpoint(before)])
  },

  'endpoints: remove deletes once, and cancels what is unfinished': async (bench) => {
    const [endpoint, kept] = await bench.endpoints(2)
    assert.ok(endpoint && kept)
    const done = await bench.sendTo(endpoint)
    await bench.settle(await bench.claimOne())
    const [leased, waiting] = [await bench.sendTo(endpoint), await bench.sendTo(endpoint)]
    const claimed = await bench.claimOne({ limit: 1 })
    const other = await bench.sendTo(kept)
    assert.equal(await bench.store.endpoints.remove(TENANT, endpoint.id), true)
    assert.equal(await bench.store.endpoints.remove(TENANT, endpoint.id), false)
    assert.equal(await bench.store.endpoints.get(TENANT, endpoint.id), undefined)
    assert.equal(await bench.settle(claimed), 'stale')
    const statuses = await Promise.all([done, leased, waiting].map((id) => bench.statusOf(id)))
    assert.deepEqual(statuses, ['succeeded', 'canceled', 'canceled'])
    assert.deepEqual(await bench.claimIds(), [other])
  },

  'endpoints: list comes newest first, the last page without a cursor': async (bench) => {
    const ids = (await bench.endpoints(5)).map(({ id }) => id)
    await bench.endpoint({ tenantId: OTHER })
    assert.deepEqual(await readAll(bench, { tenantId: TENANT, limit: 2 }), ids.reverse())
    const full = await bench.store.endpoints.list({ tenantId: TENANT, limit: 5 })
    assert.equal(full.cursor, undefined)
    assert.equal((await bench.store.endpoints.list({ limit: 10 })).items.length, 6)
  },

  'endpoints: paging keeps every endpoint while others come and go': async (bench) => {
    const endpoints = await bench.endpoints(6)
    const ids = endpoints.map(({ id }) => id)
    const seen = await readAll(bench, { tenantId: TENANT, limit: 2 }, async (page) => {
      await bench.endpoints(2)
      const shown = page.at(-1)
      if (shown) await bench.store.endpoints.remove(TENANT, shown.id)
    })
    assert.deepEqual(seen, ids.reverse())
  },

  'endpoints: forTenant answers every endpoint, as committed by any handle': async (bench) => {
    const other = await bench.handle()
    const first = await bench.endpoint({ status: 'disabled', disabledReason: 'manual' })
    await bench.endpoint({ tenantId: OTHER })
    assert.deepEqual(await bench.store.endpoints.forTenant(TENANT), [first])
    const second = await other.endpoints.insert(bench.newEndpoint({ status: 'paused' }))
    const both = await bench.store.endpoints.forTenant(TENANT)
    assert.deepEqual(sorted(both.map(({ id }) => id)), sorted([first.id, second.id]))
    const renamed = await other.endpoints.replace({ ...first, name: 'new' })
    await other.endpoints.remove(TENANT, second.id)
    assert.deepEqual(await bench.store.endpoints.forTenant(TENANT), [renamed])
  },

  "endpoints: another handle's pause and removal hold for the next claim": async (bench) => {
    const other = await bench.handle()
    const [paused, removed] = await bench.endpoints(2)
    assert.ok(paused && removed)
    await bench.fill(paused, 2)
    await bench.fill(removed, 2)
    assert.equal((await bench.claimIds({ perEndpoint: 1 })).length, 2)
    await other.endpoints.replace({ ...paused, status: 'paused' })
    await other.endpoints.remove(TENANT, removed.id)
    assert.deepEqual(await bench.claimIds(), [])
  },
} satisfies Laws

async function readAll(
  bench: Bench,
  query: EndpointQuery,
  between?: (page: readonly EndpointRecord[]) => Promise<void>,
): Promise<readonly string[]> {
  const read = (from: { readonly cursor?: string }) =>
    bench.store.endpoints.list({ ...query, ...from })
  return (await readPages(read, between)).flat().map(({ id }) => id)
}
