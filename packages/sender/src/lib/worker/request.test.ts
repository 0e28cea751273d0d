import { schemes, verifySignature } from '@posthorn/schema/signature'
import { describe, expect, it } from 'vitest'
import { createSender } from '../create-sender'
import { memoryStore } from '../stores/memory/memory-store'
import { run, testSender, url } from '../test-sender'
import { fakeClock } from '../testing/fake-clock'
import { recordingTransport } from '../testing/recording-transport'

describe('a request', () => {
  it('is signed by every scheme that the endpoint names', async () => {
    const { clock, sender, transport } = testSender()
    const { secret } = await sender.endpoints.create({ url, schemes: ['svix', 'standard'] })
    await sender.send(run)
    await sender.deliverDue()
    const [request] = transport.requests
    if (request === undefined) throw new TypeError('no request')
    for (const scheme of Object.values(schemes)) {
      const options = { now: clock.now() / 1000, tolerance: { past: 0, future: 0 } }
      expect(await verifySignature(scheme, request, [secret], options)).toMatchObject({ ok: true })
    }
  })

  it('is signed by the sender’s schemes where the endpoint names none', async () => {
    const { sender, transport } = testSender([], { signing: { schemes: [schemes.svix] } })
    await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    expect(transport.requests[0]?.headers).toHaveProperty('svix-signature')
    expect(transport.requests[0]?.headers).not.toHaveProperty('webhook-signature')
  })

  it('is signed by a scheme that takes its time, and by those around it', async () => {
    const slow = {
      ...schemes.standard,
      name: 'slow',
      sign: async () => ({ 'x-slow': 'signed' }),
    }
    const { sender, transport } = testSender([], {
      signing: { schemes: [schemes.svix, slow, schemes.standard] },
    })
    await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    const headers = transport.requests[0]?.headers
    expect(headers).toHaveProperty('svix-signature')
    expect(headers).toHaveProperty('x-slow', 'signed')
    expect(headers).toHaveProperty('webhook-signature')
  })

  it.each([
    ['rejects', async () => Promise.reject(new Error('no key'))],
    [
      'throws',
      () => {
        throw new Error('no key')
      },
    ],
  ])('is not sent where a scheme %s', async (_name, sign) => {
    const broken = { ...schemes.standard, name: 'broken', sign }
    const { sender, transport } = testSender([], {
      signing: { schemes: [schemes.svix, broken] },
    })
    await sender.endpoints.create({ url })
    await sender.send(run)
    expect(await sender.deliverDue()).toMatchObject({ failed: 1 })
    expect(transport.requests).toEqual([])
  })

  it('carries the sender’s user agent, timeout and capture limit, and no metadata', async () => {
    const { sender, transport } = testSender([], {
      userAgent: 'Acme/2',
      timeout: '7s',
      capture: 100,
    })
    await sender.endpoints.create({ url, metadata: { plan: 'gold' } })
    await sender.send({ ...run, metadata: { trace: 'deadbeef' }, orderingKey: 'r1' })
    await sender.deliverDue()
    expect(transport.requests).toMatchObject([{ timeoutMs: 7_000, captureBytes: 100 }])
    const [request] = transport.requests
    expect(request?.headers['user-agent']).toBe('Acme/2')
    expect(JSON.stringify(request?.headers) + request?.text).not.toMatch(/gold|deadbeef/)
  })

  it('is signed, and its delivery’s age told, by the store’s clock', async () => {
    const clock = fakeClock()
    const storeClock = fakeClock(clock.now() + 3_600_000)
    const transport = recordingTransport([500, 500])
    const store = memoryStore({ clock: storeClock })
    const retry = { schedule: ['0s', '1h'], maxAge: '2h' } as const
    const sender = createSender({ store, clock, transport, retry, random: () => 0 })
    await sender.endpoints.create({ url })
    await sender.send(run)
    expect(await sender.deliverDue()).toMatchObject({ retrying: 1 })
    expect(transport.requests[0]?.headers['webhook-timestamp']).toBe(
      String(storeClock.now() / 1000),
    )
    const [delivery] = (await sender.deliveries.list()).items
    expect(delivery?.dueAt).toEqual(new Date(storeClock.now() + 3_600_000))
    expect(await sender.deliveries.attempts(delivery?.id ?? '')).toMatchObject([
      { startedAt: new Date(storeClock.now()) },
    ])
  })
})
