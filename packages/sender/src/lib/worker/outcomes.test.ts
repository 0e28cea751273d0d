import { describe, expect, it } from 'vitest'
import type { SenderEventName } from '../emitter'
import { run, testSender, url } from '../test-sender'
import { heldTransport } from './test-transport'

async function sent(...options: Parameters<typeof testSender>) {
  const bench = testSender(...options)
  const { endpoint } = await bench.sender.endpoints.create({ url })
  await bench.sender.send(run)
  const delivery = async () => {
    const [found] = (await bench.sender.deliveries.list()).items
    if (found === undefined) throw new TypeError('no delivery')
    return found
  }
  return { ...bench, endpoint, delivery }
}

describe('an answer', () => {
  it('409 with Retry-After waits for free, five times, and leaves the endpoint healthy', async () => {
    const busy = { status: 409, headers: { 'retry-after': '10' } }
    const { clock, sender, delivery, endpoint } = await sent(() => busy, {
      retry: { schedule: ['0s', '1m'] },
    })
    for (let count = 0; count < 5; count += 1) {
      await sender.deliverDue()
      expect(await delivery()).toMatchObject({ dueAt: new Date(clock.now() + 10_000) })
      await clock.advance('10s')
    }
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ health: 'healthy' })
    await sender.deliverDue()
    expect(await delivery()).toMatchObject({ dueAt: new Date(clock.now() + 60_000) })
    await clock.advance('1m')
    await sender.deliverDue()
    expect(await delivery()).toMatchObject({ status: 'failed', reason: 'exhausted', attempts: 7 })
  })

  it('that says "duplicate" is logged as one', async () => {
    const { sender, delivery } = await sent([
      { status: 200, headers: { 'Webhook-Duplicate': 'true' } },
    ])
    await sender.deliverDue()
    expect(await sender.deliveries.attempts((await delivery()).id)).toMatchObject([
      { duplicate: true },
    ])
  })

  it('whose body breaks off counts all the same', async () => {
    const { sender, delivery } = await sent([
      {
        ...{ kind: 'response', status: 204, headers: {}, body: new Uint8Array() },
        ...{ truncated: false, bodyError: 'ECONNRESET', durationMs: 5 },
      } as const,
    ])
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1, retrying: 0 })
    expect(await sender.deliveries.attempts((await delivery()).id)).toMatchObject([
      { outcome: 'success', error: { code: 'body_incomplete' } },
    ])
  })

  it('that redirects is not followed', async () => {
    const { sender, transport, delivery } = await sent([
      { status: 308, headers: { location: 'https://elsewhere.example/' } },
    ])
    expect(await sender.deliverDue()).toMatchObject({ retrying: 1 })
    expect(transport.requests).toHaveLength(1)
    const [attempt] = await sender.deliveries.attempts((await delivery()).id)
    expect(attempt?.error?.message).toContain('https://elsewhere.example/')
  })
})

describe('an address that the policy forbids', () => {
  it('fails the delivery for good, and says where only in the host’s log', async () => {
    const lines: string[] = []
    const line = (fields: object) => lines.push(JSON.stringify(fields))
    const { sender, delivery, endpoint } = await sent(
      [
        {
          ...{ kind: 'error', errorClass: 'forbidden_address', code: 'forbidden_address' },
          ...{ message: 'The address is not allowed.', detail: '10.0.0.7', durationMs: 1 },
        } as const,
      ],
      { logger: { debug: line, info: line, warn: line, error: line } },
    )
    expect(await sender.deliverDue()).toMatchObject({ failed: 1 })
    expect(await delivery()).toMatchObject({ status: 'failed', reason: 'forbidden_address' })
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ health: 'failing' })
    const shown = JSON.stringify(await sender.deliveries.attempts((await delivery()).id))
    expect(shown).not.toContain('10.0.0.7')
    expect(lines.join()).toContain('10.0.0.7')
  })
})

describe('a verdict on an endpoint that has changed since the claim', () => {
  async function heldBench(events: number) {
    const held = heldTransport()
    const bench = testSender([], { transport: held, health: { probeAfter: '30d' } })
    const { endpoint } = await bench.sender.endpoints.create({ url })
    const state = () => bench.sender.endpoints.get(endpoint.id)
    await bench.sender.sendMany(Array.from({ length: events }, () => run))
    return { ...bench, held, endpoint, state }
  }

  it('does not disable one that was healed by a success meanwhile', async () => {
    const { clock, sender, held, state } = await heldBench(1)
    const first = sender.deliverDue()
    await clock.advance(1)
    held.answer(500)
    await first
    await clock.advance('6d')
    await sender.sendMany([run, run])
    const second = sender.deliverDue()
    await clock.advance(1)
    expect(held.open).toBe(3)
    held.answer(200)
    await clock.advance(5)
    expect(await state()).toMatchObject({ health: 'healthy' })
    held.answer(500)
    held.answer(500)
    await second
    expect(await state()).toMatchObject({ status: 'enabled' })
  })

  it('does not disable one for the 410 of a URL that it has no more', async () => {
    const { clock, sender, held, endpoint, state } = await heldBench(1)
    const pass = sender.deliverDue()
    await clock.advance(1)
    await sender.endpoints.update(endpoint.id, { url: `${url}/moved` })
    held.answer(410)
    await pass
    expect(await state()).toMatchObject({ status: 'enabled', url: `${url}/moved` })
  })

  it('is nothing to one that was deleted', async () => {
    const { clock, sender, held, endpoint } = await heldBench(1)
    const pass = sender.deliverDue()
    await clock.advance(1)
    await sender.endpoints.delete(endpoint.id)
    held.answer(410)
    expect(await pass).toMatchObject({ failed: 0 })
    expect((await sender.deliveries.list()).items).toMatchObject([{ status: 'canceled' }])
  })
})

describe('the rule of retrying', () => {
  it('is the endpoint’s, before that of the type, before the general one', async () => {
    const { sender } = testSender(() => 500, {
      retry: { schedule: ['0s', '1m'], byType: { 'job.*': { schedule: ['0s', '2m'] } } },
    })
    await sender.endpoints.create({ url, name: 'plain' })
    await sender.endpoints.create({ url, retry: { schedule: ['0s', '3m'] } })
    const due = async (type: string) => {
      const { eventId } = await sender.send({ type, data: {} })
      await sender.deliverDue()
      const { items } = await sender.deliveries.list({ eventId })
      return items.map((item) => ((item.dueAt?.getTime() ?? 0) - item.createdAt.getTime()) / 60_000)
    }
    expect((await due('run.completed')).sort()).toEqual([1, 3])
    expect((await due('job.done')).sort()).toEqual([2, 3])
  })

  it('never goes past the age', async () => {
    const { clock, sender, transport, delivery } = await sent(() => 500, {
      retry: { schedule: ['0s', '1h'], maxAttempts: 100, maxAge: '150m' },
    })
    for (let hour = 0; hour < 5; hour += 1) {
      await sender.deliverDue()
      await clock.advance('1h')
    }
    expect(transport.requests).toHaveLength(3)
    expect(await delivery()).toMatchObject({ status: 'failed', reason: 'exhausted' })
  })
})

describe('what happens', () => {
  it('is told to listeners, with names that the log knows', async () => {
    const { clock, sender, endpoint, delivery } = await sent([500, 200, 410])
    const heard: [SenderEventName, object][] = []
    const names = [
      'endpoint.failing',
      'endpoint.recovered',
      'endpoint.disabled',
      'delivery.succeeded',
      'delivery.skipped',
    ] as const
    for (const name of names) sender.on(name, (notice) => void heard.push([name, notice]))
    await sender.deliverDue()
    await clock.advance('5s')
    await sender.deliverDue()
    const { id: deliveryId, eventId } = await delivery()
    const ofEndpoint = { tenantId: 'default', endpointId: endpoint.id }
    expect(heard).toEqual([
      ['endpoint.failing', ofEndpoint],
      ['endpoint.recovered', ofEndpoint],
      [
        'delivery.succeeded',
        { ...ofEndpoint, deliveryId, eventId, eventType: 'run.completed', attempts: 2 },
      ],
    ])
    heard.length = 0
    await sender.sendMany([run, run])
    await sender.deliverDue()
    await sender.send(run)
    await sender.deliverDue()
    expect(heard[0]).toEqual(['endpoint.disabled', { ...ofEndpoint, reason: 'gone' }])
  })

  it('to a delivery whose endpoint was disabled while it waited is told, too', async () => {
    const { sender, endpoint } = await sent()
    const skipped: unknown[] = []
    sender.on('delivery.skipped', (notice) => skipped.push(notice.reason))
    await sender.endpoints.disable(endpoint.id)
    expect(await sender.deliverDue()).toMatchObject({ skipped: 1 })
    expect(skipped).toEqual(['disabled'])
  })
})
