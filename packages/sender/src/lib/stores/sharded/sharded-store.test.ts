import { WebhookError } from '@posthorn/schema'
import { describe, expect, it } from 'vitest'
import { createSender } from '../../create-sender'
import type { SenderStore } from '../../ports/store'
import { fakeClock } from '../../testing/fake-clock'
import { recordingTransport } from '../../testing/recording-transport'
import { memoryStore } from '../memory/memory-store'
import { shardedStore } from './sharded-store'

const tenants = ['eu-1', 'us-1', 'eu-2', 'us-2']
const shardOf = (tenantId: string) => tenantId.slice(0, 2)

async function setUp(options: { serve?: readonly string[] } = {}) {
  const clock = fakeClock()
  const shards = { eu: memoryStore({ clock }), us: memoryStore({ clock }) }
  const store = shardedStore({ shards, shardOf, ...options })
  const transport = recordingTransport()
  const sender = createSender({ store, clock, transport })
  await sender.migrate()
  for (const tenantId of tenants) {
    await sender.tenant(tenantId).endpoints.create({ url: `https://${tenantId}.example.com/` })
  }
  const send = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      await clock.advance(1)
      const tenant = sender.tenant(tenants[index % tenants.length] ?? '')
      await tenant.send({ type: 'run.completed', data: { index } })
    }
  }
  return { clock, shards, store, transport, sender, send }
}

const tenantsIn = async (store: SenderStore) => {
  const { items } = await store.log.list({ limit: 100 })
  return new Set(items.map(({ tenantId }) => tenantId))
}

const request = {
  leaseMs: 60_000,
  perEndpoint: 100,
  failingLimit: 1,
  probeAfterMs: 1,
  solo: false,
}

describe('shardedStore', () => {
  it('keeps each tenant in its shard, and delivers from all', async () => {
    const { shards, sender, send, transport } = await setUp()
    await send(8)
    expect(await tenantsIn(shards.eu)).toEqual(new Set(['eu-1', 'eu-2']))
    expect(await tenantsIn(shards.us)).toEqual(new Set(['us-1', 'us-2']))
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 8 })
    expect(transport.requests).toHaveLength(8)
    expect(await sender.operator.statistics()).toMatchObject({ succeeded: 8, due: 0 })
  })

  it('works on the shards it serves alone', async () => {
    const { sender, send } = await setUp({ serve: ['us'] })
    await send(8)
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 4 })
    expect(await sender.tenant('eu-1').deliveries.list()).toMatchObject({
      items: [{ status: 'pending' }, { status: 'pending' }],
    })
  })

  it.each([1, 2, 3, 7, 20])(
    'pages over all shards by %i, newest first, each once',
    async (limit) => {
      const { store, send, clock } = await setUp()
      await send(17)
      const seen: { id: string; createdAt: number }[] = []
      let cursor: string | undefined
      do {
        const page = await store.log.list({ limit, ...(cursor === undefined ? {} : { cursor }) })
        expect(page.items.length).toBeLessThanOrEqual(limit)
        seen.push(...page.items)
        cursor = page.cursor
        await clock.advance(1)
      } while (cursor !== undefined)
      expect(new Set(seen.map(({ id }) => id)).size).toBe(17)
      const times = seen.map(({ createdAt }) => createdAt)
      expect(times).toEqual([...times].sort((one, other) => other - one))
    },
  )

  it('lets no shard wait behind a busy one', async () => {
    const { store, send } = await setUp()
    await send(40)
    const first = await store.deliveries.claim({ ...request, limit: 5 })
    const second = await store.deliveries.claim({ ...request, limit: 5 })
    const served = [first, second].map(({ deliveries }) =>
      shardOf(deliveries[0]?.lease.tenantId ?? ''),
    )
    expect(new Set(served)).toEqual(new Set(['eu', 'us']))
  })

  it('answers what one shard gave although the next is down, and its error when that comes first', async () => {
    const { store, shards, sender, send } = await setUp()
    await send(8)
    const recorded = await sender.tenant('eu-1').prepare({ type: 'run.completed', data: {} })
    if (store.host.kind === 'sync') store.host.enqueue([recorded], undefined)
    const down = async () => Promise.reject(new WebhookError('store_busy', 'The database is down.'))
    Object.assign(shards.us.deliveries, { claim: down, claimEvents: down })
    const { claim, claimEvents } = store.deliveries
    expect((await claim({ ...request, limit: 100 })).deliveries).toHaveLength(4)
    await expect(claim({ ...request, limit: 100 })).rejects.toMatchObject({ code: 'store_busy' })
    expect((await claimEvents({ limit: 10, leaseMs: 1_000 })).events).toHaveLength(1)
    await expect(claim({ ...request, limit: 100 })).rejects.toMatchObject({ code: 'store_busy' })
    await expect(claimEvents({ limit: 10, leaseMs: 1_000 })).rejects.toMatchObject({
      code: 'store_busy',
    })
  })

  it('tells no outcome to be stale because another shard failed when it was first stored', async () => {
    const { store, shards, send } = await setUp()
    await send(2)
    const { deliveries } = await store.deliveries.claim({ ...request, limit: 10 })
    const batch = deliveries.map(({ lease }) => ({ lease, next: { status: 'succeeded' } as const }))
    const { settle } = shards.us.deliveries
    shards.us.deliveries.settle = () =>
      Promise.reject(new WebhookError('store_busy', 'The database is down.'))
    await expect(store.deliveries.settle(batch)).rejects.toMatchObject({ code: 'store_busy' })
    shards.us.deliveries.settle = settle
    expect(await store.deliveries.settle(batch)).toEqual(['applied', 'applied'])
    expect(await store.deliveries.settle(batch)).toEqual(['stale', 'stale'])
  })

  it('rejects no send to one shard because another, which is served, is down', async () => {
    const { shards, sender } = await setUp({ serve: ['us'] })
    const down = async () => Promise.reject(new WebhookError('store_busy', 'The database is down.'))
    Object.assign(shards.us.deliveries, { claim: down, claimEvents: down })
    sender.start()
    const sent = await sender.tenant('eu-1').send({ type: 'run.completed', data: {} })
    expect(sent).toMatchObject({ deliveries: 1, duplicate: false })
    await sender.stop()
  })

  it.each([
    ['garbage', 'x'],
    ['of a shard that is gone', Buffer.from('{"asia":true}').toString('base64url')],
    ['empty', Buffer.from('{}').toString('base64url')],
  ])('refuses a cursor that is %s', async (_name, cursor) => {
    const { store } = await setUp()
    await expect(store.log.events({ limit: 5, cursor })).rejects.toMatchObject({
      code: 'invalid_argument',
    })
  })

  it('says so when shardOf does not know a tenant', async () => {
    const { sender } = await setUp()
    const sending = sender.tenant('asia-1').send({ type: 'run.completed', data: {} })
    await expect(sending).rejects.toMatchObject({ code: 'config' })
  })

  it.each([
    ['no shards', { shards: {}, shardOf }],
    [
      'a shard to serve that there is not',
      { shards: { eu: memoryStore() }, shardOf, serve: ['us'] },
    ],
    ['nothing to serve', { shards: { eu: memoryStore() }, shardOf, serve: [] }],
  ])('refuses %s', (_name, options) => {
    expect(() => shardedStore(options)).toThrow(TypeError)
  })
})
