import assert from 'node:assert/strict'
import type { DeliveryQuery, EventQuery } from '../../../ports/delivery-log'
import type { Bench } from '../bench'
import { at, inTurn, OTHER, only, readPages, rejectsWith, sorted, TENANT } from '../helpers'
import type { Laws } from '../law'

export const logLaws = {
  'log: deliveries come newest first, the last page without a cursor': async (bench) => {
    const endpoint = await bench.endpoint()
    const ids = await inTurn(5, () => bench.sendTo(endpoint))
    const { pages, items } = await readDeliveries(bench, { tenantId: TENANT, limit: 2 })
    assert.deepEqual(items, ids.reverse())
    assert.deepEqual(pages, [2, 2, 1])
    const full = await bench.store.log.list({ tenantId: TENANT, limit: 5 })
    assert.equal(full.cursor, undefined)
  },

  'log: deliveries are found by endpoint, event, type and status': async (bench) => {
    const [first, second] = await bench.endpoints(2)
    assert.ok(first && second)
    const { event, ids } = await bench.send([first, second])
    const failed = await bench.sendTo(first, { type: 'run.failed' })
    const { deliveries } = await bench.claim()
    const claimed = deliveries.find(({ lease }) => lease.deliveryId === failed)
    assert.ok(claimed)
    await bench.settle(claimed, { status: 'failed', reason: 'gone' })
    const [one, two] = [at(ids, 0), at(ids, 1)]
    assert.deepEqual(await find(bench, { endpointId: first.id }), sorted([one, failed]))
    assert.deepEqual(await find(bench, { eventId: event.id }), sorted(ids))
    assert.deepEqual(await find(bench, { type: 'run.failed' }), [failed])
    assert.deepEqual(await find(bench, { status: 'failed' }), [failed])
    assert.deepEqual(await find(bench, { status: 'delivering' }), sorted(ids))
    assert.deepEqual(await find(bench, { endpointId: second.id, status: 'delivering' }), [two])
    assert.deepEqual(await find(bench, { endpointId: second.id, status: 'failed' }), [])
  },

  'log: a time range holds its start and not its end': async (bench) => {
    const endpoint = await bench.endpoint()
    const ids = await inTurn(3, async () => {
      const id = await bench.sendTo(endpoint)
      await bench.pass(5)
      return id
    })
    const { createdAt } = await bench.readDelivery(at(ids, 1))
    assert.deepEqual(await find(bench, { since: createdAt }), sorted(ids.slice(1)))
    assert.deepEqual(await find(bench, { until: createdAt }), ids.slice(0, 1))
    assert.deepEqual(await find(bench, { since: createdAt, until: createdAt }), [])
  },

  'log: paging keeps every row while deliveries finish and new ones arrive': async (bench) => {
    const endpoint = await bench.endpoint()
    const ids = await inTurn(8, () => bench.sendTo(endpoint))
    const pages = await readPages(
      (from) => bench.store.log.list({ tenantId: TENANT, limit: 3, ...from }),
      async () => {
        const { deliveries } = await bench.claim({ limit: 3 })
        for (const claimed of deliveries) await bench.settle(claimed)
        await bench.sendTo(endpoint)
      },
    )
    const seen = pages.flat().map(({ id }) => id)
    assert.deepEqual(seen, ids.reverse())
  },

  'log: paging a filtered list keeps every row': async (bench) => {
    const [first, second] = await bench.endpoints(2)
    assert.ok(first && second)
    const sent = await inTurn(5, async () => at((await bench.send([first, second])).ids, 0))
    const query = { tenantId: TENANT, endpointId: first.id, limit: 2 }
    assert.deepEqual((await readDeliveries(bench, query)).items, sent.reverse())
  },

  'log: a malformed cursor is an invalid argument': async (bench) => {
    const { log, endpoints } = bench.store
    const page = { tenantId: TENANT, limit: 10 }
    const range = { since: 0, until: 1, endpointId: 'ep_1' }
    for (const cursor of ['', 'nonsense', '__proto__', '-1', '{}', '%00', '1e999', "' OR 1=1 --"]) {
      await rejectsWith('invalid_argument', () => log.list({ ...page, cursor }))
      await rejectsWith('invalid_argument', () => log.events({ ...page, cursor }))
      await rejectsWith('invalid_argument', () => log.history({ ...page, ...range, cursor }))
      await rejectsWith('invalid_argument', () => endpoints.list({ ...page, cursor }))
    }
  },

  'log: what is unknown is undefined, and has no attempts': async (bench) => {
    const { log } = bench.store
    assert.equal(await log.get(TENANT, 'dlv_unknown'), undefined)
    assert.equal(await log.event(TENANT, 'evt_unknown'), undefined)
    assert.deepEqual(await log.attempts(TENANT, 'dlv_unknown'), [])
    assert.deepEqual(await log.list({ tenantId: 'nobody', limit: 10 }), { items: [] })
  },

  "log: a tenant's answer never holds another's row": async (bench) => {
    const theirs = await bench.endpoint({ tenantId: OTHER })
    const { event, ids } = await bench.send([theirs], { tenantId: OTHER })
    const id = only(ids)
    const claimed = await bench.claimOne()
    await bench.settle(claimed, { status: 'succeeded' }, bench.attempt(claimed))
    const { log } = bench.store
    const page = { tenantId: TENANT, limit: 10 }
    assert.equal(await log.get(TENANT, id), undefined)
    assert.deepEqual(await log.attempts(TENANT, id), [])
    assert.equal(await log.event(TENANT, event.id), undefined)
    assert.deepEqual((await log.list(page)).items, [])
    assert.deepEqual((await log.list({ ...page, endpointId: theirs.id })).items, [])
    assert.deepEqual((await log.list({ ...page, eventId: event.id })).items, [])
    assert.deepEqual((await log.events(page)).items, [])
    const history = { ...page, endpointId: theirs.id, since: 0, until: Number.MAX_SAFE_INTEGER }
    assert.deepEqual((await log.history(history)).items, [])
    assert.equal((await log.statistics(TENANT)).succeeded, 0)
    assert.equal((await log.statistics(OTHER)).succeeded, 1)
  },

  'log: the operator reads all tenants': async (bench) => {
    const mine = await bench.sendTo(await bench.endpoint())
    const theirs = await bench.sendTo(await bench.endpoint({ tenantId: OTHER }))
    const { items } = await bench.store.log.list({ limit: 10 })
    assert.deepEqual(sorted(items.map(({ id }) => id)), sorted([mine, theirs]))
    assert.deepEqual(sorted(items.map(({ tenantId }) => tenantId)), [TENANT, OTHER])
    assert.equal((await bench.store.log.events({ limit: 10 })).items.length, 2)
    assert.equal((await bench.store.log.statistics()).pending, 2)
  },

  'log: attempts come oldest first': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    for (let count = 1; count <= 12; count += 1) {
      const claimed = await bench.claimOne()
      const next = { status: 'pending', retryInMs: 0, deferred: false } as const
      await bench.settle(claimed, next, bench.attempt(claimed))
    }
    const numbers = (await bench.store.log.attempts(TENANT, id)).map(({ number }) => number)
    assert.deepEqual(
      numbers,
      Array.from({ length: 12 }, (_, index) => index + 1),
    )
  },

  'log: events come newest first, found by type, state and time': async (bench) => {
    const failed = await bench.record({ type: 'run.failed' })
    await bench.pass(5)
    const matched = await bench.send([])
    const last = await bench.record()
    assert.deepEqual(await readEvents(bench, {}), [last.id, matched.event.id, failed.id])
    assert.deepEqual(await readEvents(bench, { type: 'run.failed' }), [failed.id])
    assert.deepEqual(await readEvents(bench, { state: 'recorded' }), [last.id, failed.id])
    assert.deepEqual(await readEvents(bench, { state: 'fanned_out' }), [matched.event.id])
    const { recordedAt } = await bench.readEvent(matched.event.id)
    assert.deepEqual(await readEvents(bench, { since: recordedAt }), [last.id, matched.event.id])
    assert.deepEqual(await readEvents(bench, { until: recordedAt }), [failed.id])
  },

  'log: statistics count deliveries by status, and events that wait': async (bench) => {
    const endpoint = await bench.endpoint()
    await bench.fill(endpoint, 5)
    await bench.record()
    const { deliveries } = await bench.claim({ limit: 4 })
    await bench.settle(at(deliveries, 0))
    await bench.settle(at(deliveries, 1), { status: 'failed', reason: 'exhausted' })
    await bench.settle(at(deliveries, 2), { status: 'pending', retryInMs: 60_000, deferred: false })
    await bench.store.deliveries.cancel(TENANT, await bench.sendTo(endpoint))
    const filtered = bench.newDelivery(endpoint, {
      state: { status: 'skipped', reason: 'filtered' },
    })
    await bench.send([], { fanOut: { deliveries: [filtered], bodies: [] } })
    const { oldestDueAgeMs, endpoints, ...counts } = await bench.store.log.statistics(TENANT)
    assert.equal(endpoints.enabled, 1)
    assert.ok(oldestDueAgeMs !== undefined && oldestDueAgeMs >= 0)
    assert.deepEqual(counts, {
      due: 1,
      pending: 2,
      delivering: 1,
      succeeded: 1,
      failed: 1,
      skipped: 1,
      canceled: 1,
      recorded: 1,
    })
  },

  'log: statistics of a store with nothing in it are all 0': async (bench) => {
    for (const tenant of [undefined, TENANT]) {
      const { oldestDueAgeMs, endpoints, ...counts } = await bench.store.log.statistics(tenant)
      assert.equal(oldestDueAgeMs, undefined)
      assert.deepEqual([...new Set(Object.values(counts))], [0])
      assert.deepEqual(endpoints, { enabled: 0, paused: 0, disabled: 0 })
    }
  },

  'log: statistics count endpoints by the status that they have now': async (bench) => {
    const [first, second] = await bench.endpoints(3)
    assert.ok(first && second)
    await bench.endpoint({ tenantId: OTHER, status: 'paused' })
    await bench.store.endpoints.replace({ ...first, status: 'disabled', disabledReason: 'manual' })
    await bench.store.endpoints.remove(TENANT, second.id)
    const { log } = bench.store
    const own = { enabled: 1, paused: 0, disabled: 1 }
    assert.deepEqual((await log.statistics(TENANT)).endpoints, own)
    assert.deepEqual((await log.statistics()).endpoints, { ...own, paused: 1 })
  },

  'log: statistics tell how long the longest due has waited': async (bench) => {
    assert.equal((await bench.store.log.statistics(TENANT)).oldestDueAgeMs, undefined)
    const endpoint = await bench.endpoint()
    await bench.sendTo(endpoint)
    await bench.pass(30)
    await bench.sendTo(endpoint)
    const { oldestDueAgeMs } = await bench.store.log.statistics(TENANT)
    assert.ok(oldestDueAgeMs !== undefined && oldestDueAgeMs >= 30 && oldestDueAgeMs < 60_000)
  },
} satisfies Laws

async function find(bench: Bench, query: Partial<DeliveryQuery>): Promise<readonly string[]> {
  const { items } = await bench.store.log.list({ tenantId: TENANT, limit: 50, ...query })
  return sorted(items.map(({ id }) => id))
}

async function readEvents(bench: Bench, query: Partial<EventQuery>): Promise<readonly string[]> {
  const read = (from: { readonly cursor?: string }) =>
    bench.store.log.events({ tenantId: TENANT, limit: 2, ...query, ...from })
  return (await readPages(read)).flat().map(({ id }) => id)
}

async function readDeliveries(
  bench: Bench,
  query: DeliveryQuery,
): Promise<{ readonly pages: readonly number[]; readonly items: readonly string[] }> {
  const pages = await readPages((from) => bench.store.log.list({ ...query, ...from }))
  return { pages: pages.map((page) => page.length), items: pages.flat().map(({ id }) => id) }
}
