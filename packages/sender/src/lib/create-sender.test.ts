import { defineEvents } from '@posthorn/schema'
import { schemes, verifySignature } from '@posthorn/schema/signature'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { createSender } from './create-sender'
import { memoryStore } from './stores/memory/memory-store'
import { run, testSender, url } from './test-sender'
import { fakeClock } from './testing/fake-clock'
import { recordingTransport } from './testing/recording-transport'

describe('a sent event', () => {
  it('reaches a subscribed endpoint, signed over the bytes that are sent', async () => {
    const { clock, sender, transport } = testSender()
    const { endpoint, secret } = await sender.endpoints.create({ url, eventTypes: ['run.*'] })
    const sent = await sender.send(run)
    expect(sent).toEqual({
      eventId: expect.stringMatching(/^evt_/),
      deliveries: 1,
      duplicate: false,
    })

    expect(await sender.deliverDue()).toEqual({
      matched: 0,
      succeeded: 1,
      retrying: 0,
      failed: 0,
      skipped: 0,
    })
    const [request] = transport.requests
    if (request === undefined) throw new TypeError('no request was made')
    expect(request.url).toBe(url)
    expect(request.headers['content-type']).toBe('application/json')
    expect(request.headers['user-agent']).toBe('Posthorn/0.1.0')
    expect(request.headers['webhook-id']).toBe(sent.eventId)
    expect(JSON.parse(request.text)).toEqual({
      id: sent.eventId,
      type: 'run.completed',
      timestamp: '2026-01-01T00:00:00.000Z',
      data: { runId: 'r1' },
    })
    const verified = await verifySignature(schemes.standard, request, [secret], {
      now: clock.now() / 1000,
      tolerance: { past: 0, future: 0 },
    })
    expect(verified).toMatchObject({ ok: true, id: sent.eventId })

    const { items } = await sender.deliveries.list({ endpointId: endpoint.id })
    expect(items).toEqual([
      expect.objectContaining({
        status: 'succeeded',
        attempts: 1,
        lastStatus: 200,
        type: 'run.completed',
      }),
    ])
  })

  it('is retried with the same id and body, and a fresh timestamp and signature', async () => {
    const { clock, sender, transport } = testSender([500])
    await sender.endpoints.create({ url })
    await sender.send(run)
    expect(await sender.deliverDue()).toMatchObject({ retrying: 1 })
    await clock.advance('5s')
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
    const [first, second] = transport.requests
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
    expect(second?.text).toBe(first?.text)
    expect(Number(second?.headers['webhook-timestamp'])).toBe(
      Number(first?.headers['webhook-timestamp']) + 5,
    )
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature'])
  })

  it('of no one’s interest is still on record', async () => {
    const { sender, transport } = testSender()
    await sender.endpoints.create({ url, eventTypes: ['billing.*'] })
    const sent = await sender.send(run)
    expect(sent.deliveries).toBe(0)
    await sender.deliverDue()
    expect(transport.requests).toEqual([])
    expect(await sender.events.get(sent.eventId)).toMatchObject({
      type: 'run.completed',
      state: 'fanned_out',
    })
    expect((await sender.deliveries.list({ eventId: sent.eventId })).items).toEqual([])
  })

  it('is a duplicate by its id or its idempotency key, within one tenant', async () => {
    const { sender } = testSender()
    await sender.endpoints.create({ url })
    const first = await sender.send({ ...run, idempotencyKey: 'order-1' })
    expect(await sender.send({ ...run, idempotencyKey: 'order-1' })).toEqual({
      ...first,
      duplicate: true,
    })
    expect(await sender.send({ ...run, id: first.eventId })).toEqual({ ...first, duplicate: true })
    expect(await sender.tenant('acme').send({ ...run, idempotencyKey: 'order-1' })).toMatchObject({
      duplicate: false,
    })
  })

  it('goes to every tenant’s own endpoints only', async () => {
    const { sender, transport } = testSender()
    await sender.endpoints.create({ url: `${url}/default` })
    await sender.tenant('acme').endpoints.create({ url: `${url}/acme` })
    await sender.tenant('acme').send(run)
    await sender.deliverDue()
    expect(transport.requests.map((request) => request.url)).toEqual([`${url}/acme`])
  })
})

describe('createSender', () => {
  it('asks nothing of its store, transport and clock', async () => {
    const asked: string[] = []
    const watched = <Value extends object>(value: Value, name: string): Value =>
      new Proxy(value, {
        get(target, key, receiver) {
          const found: unknown = Reflect.get(target, key, receiver)
          if (typeof found === 'object' && found !== null)
            return watched(found, `${name}.${String(key)}`)
          if (typeof found !== 'function') return found
          return (...given: unknown[]) => {
            asked.push(`${name}.${String(key)}`)
            return Reflect.apply(found, target, given)
          }
        },
      })
    const store = watched(memoryStore(), 'store')
    const clock = watched(fakeClock(), 'clock')
    const transport = watched(recordingTransport(), 'transport')
    const sender = createSender({ store, clock, transport })
    expect(asked).toEqual(['store.useClock'])
    await sender.migrate()
    expect(asked).toEqual(['store.useClock', 'store.migrate'])
  })
})

describe('enqueue', () => {
  it('records synchronously, and the worker matches later, without endpoints that came after', async () => {
    const { sender, transport } = testSender()
    await sender.endpoints.create({ url: `${url}/before` })
    const prepared = await sender.prepare(run)
    expect(sender.enqueue(prepared)).toEqual([
      { eventId: prepared.id, deliveries: 0, duplicate: false },
    ])
    await sender.endpoints.create({ url: `${url}/after` })
    expect(await sender.events.get(prepared.id)).toMatchObject({ state: 'recorded' })
    expect(await sender.deliverDue()).toMatchObject({ matched: 1, succeeded: 1 })
    expect(transport.requests.map((request) => request.url)).toEqual([`${url}/before`])
    expect(await sender.events.get(prepared.id)).toMatchObject({ state: 'fanned_out' })
  })

  it('refuses an event that another tenant prepared', async () => {
    const { sender } = testSender()
    const prepared = await sender.tenant('acme').prepare(run)
    expect(() => sender.enqueue(prepared)).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    )
  })

  it('announces an event whose stored body cannot be read, and sends nothing', async () => {
    const { sender, transport } = testSender()
    await sender.endpoints.create({ url })
    const invalid: string[] = []
    sender.on('event.invalid', (notice) => invalid.push(notice.eventId))
    const prepared = await sender.prepare(run)
    sender.enqueue({ ...prepared, body: new TextEncoder().encode('{"no":"envelope"}') })
    await sender.deliverDue()
    expect(invalid).toEqual([prepared.id])
    expect(transport.requests).toEqual([])
    const stored = await sender.events.get(prepared.id)
    expect(stored).toMatchObject({
      state: 'invalid',
      issues: [{ path: '', message: expect.any(String) }],
    })
  })
})

describe('sendMany', () => {
  it('writes all in order, or nothing if one is not valid', async () => {
    const { sender } = testSender()
    await sender.endpoints.create({ url })
    const results = await sender.sendMany([run, run, run])
    expect(results.map((result) => result.deliveries)).toEqual([1, 1, 1])
    const bad = { type: 'run.completed', data: { size: 10n } }
    await expect(sender.sendMany([run, bad])).rejects.toMatchObject({ code: 'not_serializable' })
    expect((await sender.events.list()).items.map((event) => event.id).reverse()).toEqual(
      results.map((result) => result.eventId),
    )
  })
})

describe('the types', () => {
  const events = defineEvents({ 'run.completed': z.object({ runId: z.string() }) })
  const make = () =>
    createSender({
      events,
      store: memoryStore(),
      clock: fakeClock(),
      transport: recordingTransport(),
    })

  it('know the catalogue', () => {
    type Sent = Parameters<ReturnType<typeof make>['send']>[0]
    expectTypeOf<{ type: 'run.completed'; data: { runId: string } }>().toExtend<Sent>()
    expectTypeOf<{ type: 'run.completed'; data: { runId: number } }>().not.toExtend<Sent>()
    expectTypeOf<{ type: 'run.complete'; data: { runId: string } }>().not.toExtend<Sent>()
  })

  it('refuse an awaiting send in a synchronous transaction', async () => {
    const sender = make()
    // @ts-expect-error a store whose transactions are synchronous takes no `tx` here
    const sending = sender.send({ type: 'run.completed', data: { runId: 'r' } }, { tx: undefined })
    await sending
    // @ts-expect-error nor has it a `transaction`
    expect(sender.transaction).toBeTypeOf('function')
  })
})
