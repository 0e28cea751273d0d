import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'
import { refused, untyped } from '../test-untyped'

describe('lists', () => {
  const filters: [name: string, filter: unknown][] = [
    ['nothing', null],
    ['a string', 'failed'],
    ['a misspelt field', { statuses: 'failed' }],
    ['an array for an endpoint', { endpointId: ['ep_1'] }],
    ['an object for an event', { eventId: { toString: () => 'evt_1' } }],
    ['a number for a type', { type: 5 }],
    ['an endless type', { type: 'x'.repeat(1_000_000) }],
    ['NUL', { endpointId: 'a\0' }],
    ['a time without a zone', { since: '2026-01-01T00:00:00' }],
    ['a number for a time', { until: 0 }],
    ['an object for a cursor', { cursor: {} }],
    ['an endless cursor', { cursor: 'x'.repeat(1_000_000) }],
    ['a page of NaN', { limit: Number.NaN }],
    ['a page of text', { limit: '5' }],
    ['an inherited name for a status', { status: 'toString' }],
    ['an array for a status', { status: ['failed'] }],
    ['an unknown state', { state: 'lost' }],
    ['another tenant', { tenantId: 'acme' }],
  ]
  it.each(filters)('are not filtered by %s', async (_name, filter) => {
    const { sender } = testSender()
    for (const list of [sender.deliveries.list, sender.events.list, sender.endpoints.list]) {
      await expect(untyped(list, filter)).rejects.toMatchObject(refused())
    }
  })

  it('of the operator take a tenant’s id, and nothing else for one', async () => {
    const { operator } = testSender().sender
    for (const list of [operator.deliveries.list, operator.events.list, operator.endpoints.list]) {
      for (const tenantId of [{}, ['acme'], 5, '', null])
        await expect(untyped(list, { tenantId })).rejects.toMatchObject(refused())
      await expect(untyped(list, { tenant: 'acme' })).rejects.toMatchObject(refused())
      await expect(untyped(list, null)).rejects.toMatchObject(refused())
      expect(await untyped(list, { tenantId: '__proto__' })).toEqual({ items: [] })
    }
  })
})

describe('ids that are none', () => {
  const ids = [
    undefined,
    null,
    5,
    {},
    ['ep_1'],
    '',
    'a b',
    'a\0',
    '\ud800',
    '../x',
    'x'.repeat(129),
  ]
  it('are not found', async () => {
    const { sender } = testSender()
    const { endpoints, deliveries, events } = sender
    const calls: [call: (id: never) => Promise<unknown>, code: string][] = [
      [endpoints.get, 'endpoint_not_found'],
      [(id) => endpoints.update(id, { name: 'a' }), 'endpoint_not_found'],
      [endpoints.delete, 'endpoint_not_found'],
      [endpoints.enable, 'endpoint_not_found'],
      [endpoints.pause, 'endpoint_not_found'],
      [endpoints.disable, 'endpoint_not_found'],
      [endpoints.rotateSecret, 'endpoint_not_found'],
      [(id) => endpoints.revokeSecret(id, 'sec_1'), 'endpoint_not_found'],
      [endpoints.test, 'endpoint_not_found'],
      [deliveries.get, 'delivery_not_found'],
      [deliveries.attempts, 'delivery_not_found'],
      [deliveries.cancel, 'delivery_not_found'],
      [deliveries.replay, 'delivery_not_found'],
      [events.get, 'event_not_found'],
    ]
    for (const [call, code] of calls)
      for (const id of ids) await expect(untyped(call, id)).rejects.toMatchObject(refused(code))
  })

  it('of tenants are refused, and prototypes are names like any other', async () => {
    const { sender } = testSender()
    const tenant: (id: never) => unknown = sender.tenant
    for (const id of [undefined, null, 5, {}, ['acme'], { toString: () => 'acme' }, 'a\n', 'é'])
      expect(() => tenant(id as never)).toThrow(expect.objectContaining(refused()))
    for (const id of ['__proto__', 'constructor', 'toString']) {
      const { endpoint } = await sender.tenant(id).endpoints.create({ url })
      expect((await sender.tenant(id).endpoints.list()).items).toMatchObject([{ id: endpoint.id }])
    }
    expect((await sender.endpoints.list()).items).toEqual([])
  })
})

describe('recover and replay', () => {
  const since = '2026-01-01'
  const plans: [name: string, plan: unknown][] = [
    ['nothing', undefined],
    ['no start', {}],
    ['a misspelt endpoint', { since, endpoint: 'ep_1' }],
    ['a start after the end', { since: '2026-01-02', until: '2026-01-01' }],
    ['a type for a list', { since, types: 'run.completed' }],
    ['no types', { since, types: [] }],
    ['a pattern', { since, types: ['run.*'] }],
    ['types that are numbers', { since, types: [5] }],
    ['101 types', { since, types: Array(101).fill('a') }],
    ['an unknown choice', { since, only: 'some' }],
    ['a prototype for a choice', { since, only: '__proto__' }],
    ['a dry run by a word', { since, dryRun: 'false' }],
    ['no speed', { since, perSecond: 0 }],
    ['a negative speed', { since, perSecond: -1 }],
    ['a speed as text', { since, perSecond: '50' }],
    ['an endless speed', { since, perSecond: Number.POSITIVE_INFINITY }],
    ['a speed of NaN', { since, perSecond: Number.NaN }],
    ['progress that is no function', { since, onProgress: true }],
  ]
  it.each(plans)('does not start with %s', async (_name, plan) => {
    const { sender } = testSender([500], { retry: { schedule: ['0s'] } })
    await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    await expect(untyped(sender.recover, plan)).rejects.toMatchObject(refused())
    expect((await sender.statistics()).pending).toBe(0)
  })

  it('of an endpoint that is none is refused', async () => {
    const { sender } = testSender()
    for (const endpointId of ['ep_none', {}, 5, ''])
      await expect(untyped(sender.recover, { since, endpointId })).rejects.toMatchObject(
        refused('endpoint_not_found'),
      )
  })

  it('takes no unknown way to replay', async () => {
    const { sender } = testSender()
    for (const options of [null, 'new', { as: 'other' }, { as: ['new'] }, { with: 'new' }])
      await expect(untyped(sender.deliveries.replay, 'dlv_1', options)).rejects.toMatchObject(
        refused(),
      )
  })
})
