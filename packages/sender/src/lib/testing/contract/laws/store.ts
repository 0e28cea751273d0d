import assert from 'node:assert/strict'
import type { SenderStore } from '../../../ports/store'
import type { Bench } from '../bench'
import {
  claimFrom,
  insertAndClaimFrom,
  inTurn,
  only,
  readPages,
  rejectsWith,
  sorted,
  TENANT,
} from '../helpers'
import type { Laws } from '../law'

export const storeLaws = {
  'store: before migrate, every call rejects with store_not_migrated': async (bench) => {
    for (const call of everyCall(bench, await bench.unmigrated())) {
      await rejectsWith('store_not_migrated', call)
    }
  },

  'store: migrate is safe to repeat, and under concurrent callers': async (bench) => {
    const id = await bench.sendTo(await bench.endpoint())
    const other = await bench.handle()
    await Promise.all([bench.store.migrate(), other.migrate(), bench.store.migrate()])
    assert.deepEqual(await bench.claimIds(), [id])
  },

  'store: after close, every call rejects with store_closed': async (bench) => {
    const store = await bench.unmigrated()
    await store.migrate()
    await store.close()
    for (const call of everyCall(bench, store)) await rejectsWith('store_closed', call)
    await rejectsWith('store_closed', () => store.migrate())
    await store.close()
  },

  'store: another handle on the same database sees all of it': async (bench) => {
    const other = await bench.handle()
    const endpoint = await bench.endpoint()
    const { event } = await bench.send([endpoint])
    assert.deepEqual(await other.endpoints.get('acme', endpoint.id), endpoint)
    assert.ok(await other.log.event('acme', event.id))
    const claimed = await bench.claimOne()
    const settlement = { lease: claimed.lease, next: { status: 'succeeded' } } as const
    assert.deepEqual(await other.deliveries.settle([settlement]), ['applied'])
    assert.equal(await bench.statusOf(claimed.lease.deliveryId), 'succeeded')
  },
} satisfies Laws

export const syncHostLaws = {
  'host: an enqueued event waits to be matched': async (bench) => {
    const event = bench.event({ idempotencyKey: 'once' })
    const answer = only(enqueue(bench.store, event))
    assert.deepEqual(answer, { eventId: event.id, duplicate: false, deliveries: 0 })
    assert.equal(only(await bench.claimEvents()).id, event.id)
  },

  'host: enqueue knows the duplicates that insert knows': async (bench) => {
    const first = bench.event({ idempotencyKey: 'once' })
    await bench.store.deliveries.insert([first])
    const again = [bench.event({ idempotencyKey: 'once' }), bench.event({ id: first.id })]
    for (const event of again) {
      const answer = only(enqueue(bench.store, event))
      assert.deepEqual(answer, { eventId: first.id, duplicate: true, deliveries: 0 })
    }
    const later = bench.event({ idempotencyKey: 'twice' })
    enqueue(bench.store, later)
    const answer = only(
      await bench.store.deliveries.insert([bench.event({ idempotencyKey: 'twice' })]),
    )
    assert.equal(answer.eventId, later.id)
  },
} satisfies Laws

export const asyncHostLaws = {
  'host: what a transaction enqueued waits to be matched once it resolves': async (bench) => {
    const { host } = bench.store
    assert.ok(host.kind === 'async')
    const event = bench.event()
    const result = await host.transaction(async (tx) => {
      await host.enqueue([event], tx)
      return 'done'
    })
    assert.equal(result, 'done')
    assert.equal(only(await bench.claimEvents()).id, event.id)
  },

  'host: what a transaction enqueued with its deliveries is due once it resolves': async (
    bench,
  ) => {
    const { host } = bench.store
    assert.ok(host.kind === 'async')
    const endpoint = await bench.endpoint()
    const event = bench.event({ idempotencyKey: 'once', fanOut: bench.fanOut([endpoint]) })
    await host.transaction(async (tx) => {
      const endpoints = await host.endpoints(TENANT, tx)
      assert.deepEqual(endpoints, [endpoint])
      const answer = only(await host.enqueue([event], tx))
      assert.deepEqual(answer, { eventId: event.id, duplicate: false, deliveries: 1 })
      const again = bench.event({ idempotencyKey: 'once', fanOut: bench.fanOut([endpoint]) })
      const known = only(await host.enqueue([again], tx))
      assert.deepEqual(known, { eventId: event.id, duplicate: true, deliveries: 1 })
    })
    assert.equal((await bench.claimOne()).eventId, event.id)
    assert.deepEqual(await bench.claimEvents(), [])
  },

  'host: a transaction writes nothing of an event that was matched before a change': async (
    bench,
  ) => {
    const { endpoints, host } = bench.store
    assert.ok(host.kind === 'async')
    const endpoint = await bench.endpoint()
    await endpoints.forTenant(TENANT)
    const mark = endpoints.remembered?.(TENANT)?.mark
    if (mark === undefined) return
    await bench.endpoint()
    const late = bench.event({ fanOut: bench.fanOut([endpoint]), mark })
    const other = bench.event({ fanOut: bench.fanOut([endpoint]) })
    const answers = await host.transaction((tx) => host.enqueue([late, other], tx))
    assert.deepEqual(
      answers.map(({ outdated, deliveries }) => [outdated, deliveries]),
      [
        [true, 0],
        [undefined, 1],
      ],
    )
    assert.equal((await bench.claimOne()).eventId, other.id)
  },

  'host: a transaction that rejects leaves nothing': async (bench) => {
    const { host } = bench.store
    assert.ok(host.kind === 'async')
    const event = bench.event()
    const matched = bench.event({ fanOut: bench.fanOut([await bench.endpoint()]) })
    const failure = new Error('rolled back')
    const work = host.transaction(async (tx) => {
      await host.enqueue([event, matched], tx)
      throw failure
    })
    await assert.rejects(work, failure)
    assert.deepEqual(await bench.claimEvents(), [])
    assert.deepEqual(await bench.claimIds(), [])
    assert.equal(await bench.store.log.event('acme', event.id), undefined)
  },

  'history: a reader that pages forward misses no event that is committed late': async (bench) => {
    const { host } = bench.store
    const reader = await bench.handle()
    assert.ok(host.kind === 'async')
    const early = bench.event()
    const [written, finished] = [gate(), gate()]
    const late = host.transaction(async (tx) => {
      await host.enqueue([early], tx)
      written.open()
      await finished.opened
    })
    await Promise.race([written.opened, late])
    await bench.pass(5)
    const others = await inTurn(5, async () => (await bench.record()).id)
    const range = { tenantId: TENANT, endpointId: 'ep_1', since: 0, until: Number.MAX_SAFE_INTEGER }
    const pages = await readPages(
      (from) => reader.log.history({ ...range, limit: 2, ...from }),
      async () => {
        finished.open()
        await late
      },
    )
    const seen = pages.flat().map(({ event }) => event.id)
    assert.deepEqual(sorted(seen), sorted([early.id, ...others]))
  },
} satisfies Laws

function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

function enqueue(store: SenderStore, event: ReturnType<Bench['event']>) {
  assert.ok(store.host.kind === 'sync')
  return store.host.enqueue([event])
}

/** One call of each method, as a caller that knows nothing of the store's state would make it. */
function everyCall(bench: Bench, store: SenderStore): readonly (() => Promise<unknown>)[] {
  const { deliveries, log, endpoints, retention, host } = store
  const page = { tenantId: 'acme', limit: 1 }
  const record = { ...bench.newEndpoint(), seq: 1, revision: 1, createdAt: 0, updatedAt: 0 }
  const lease = { tenantId: 'acme', deliveryId: 'dlv_1', attempt: 1, token: '1' }
  const [event, endpoint] = [bench.event(), bench.newEndpoint()]
  const token = { tenantId: 'acme', id: event.id, token: '1' }
  const calls = [
    () => deliveries.insert([event]),
    () => insertAndClaimFrom(store, [event]),
    () => deliveries.claimEvents({ limit: 1, leaseMs: 1000 }),
    () => deliveries.fanOut([{ ...token, outcome: { kind: 'invalid', issues: [] } }]),
    () => claimFrom(store, { limit: 1 }),
    () => deliveries.extend([lease], 1000),
    () => deliveries.settle([{ lease, next: { status: 'succeeded' } }]),
    () => deliveries.release([lease]),
    () => deliveries.cancel('acme', 'dlv_1'),
    () => deliveries.redeliver([bench.redelivery(event, record)]),
    () => deliveries.nextDueIn(),
    () => log.list(page),
    () => log.get('acme', 'dlv_1'),
    () => log.attempts('acme', 'dlv_1'),
    () => log.event('acme', event.id),
    () => log.events(page),
    () => log.history({ ...page, endpointId: 'ep_1', since: 0, until: 1 }),
    () => log.statistics(),
    () => endpoints.insert(endpoint),
    () => endpoints.get('acme', 'ep_1'),
    () => endpoints.list(page),
    () => endpoints.forTenant('acme'),
    () => endpoints.replace(record),
    () => endpoints.remove('acme', 'ep_1'),
    () => endpoints.transition([{ tenantId: 'acme', id: 'ep_1', disable: 'manual' }]),
    () => retention.prune({ events: 1, attempts: 1, limit: 1 }),
  ]
  return host.kind === 'sync' ? [...calls, async () => host.enqueue([event])] : calls
}
