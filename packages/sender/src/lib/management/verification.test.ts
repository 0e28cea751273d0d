import { schemes, verifySignature } from '@posthorn/schema/signature'
import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'
import type { RecordedRequest } from '../testing/recording-transport'
import { heldTransport } from '../worker/test-transport'

const origin = 'events.example.com'
const yes = { status: 200, headers: { 'WebHook-Allowed-Origin': origin } }
const echo = ({ text }: RecordedRequest) => ({
  status: 200,
  body: String(JSON.parse(text).data.challenge),
})

describe('the OPTIONS handshake', () => {
  it('goes to the URL itself with the host’s name, and enables on consent', async () => {
    const { sender, transport } = testSender([yes], { verification: { origin, rate: 120 } })
    const { endpoint, verification } = await sender.endpoints.create({ url, verify: 'options' })
    expect(verification).toMatchObject({ verified: true, method: 'options' })
    expect(endpoint).toMatchObject({ status: 'enabled' })
    expect(endpoint).not.toHaveProperty('disabledReason')
    expect(transport.requests).toHaveLength(1)
    const [asked] = transport.requests
    expect(asked).toMatchObject({ url, method: 'OPTIONS', text: '' })
    expect(asked?.headers).toMatchObject({
      'webhook-request-origin': origin,
      'webhook-request-rate': '120',
      'user-agent': expect.stringContaining('Posthorn'),
    })
    expect(asked?.headers).not.toHaveProperty('content-type')
  })

  it('has deliveries say on whose behalf they come', async () => {
    const { sender, transport } = testSender([], { verification: { origin } })
    await sender.endpoints.create({ url })
    await sender.send(run)
    await sender.deliverDue()
    expect(transport.requests[0]?.headers).toMatchObject({ origin })
    const plain = testSender()
    await plain.sender.endpoints.create({ url })
    await plain.sender.send(run)
    await plain.sender.deliverDue()
    expect(plain.transport.requests[0]?.headers).not.toHaveProperty('origin')
  })

  it('makes the rate it allows the endpoint’s, unless that is lower', async () => {
    const allowing = { ...yes, headers: { ...yes.headers, 'webhook-allowed-rate': '60' } }
    const { sender, store } = testSender(() => allowing, { verification: { origin } })
    const { endpoint, verification } = await sender.endpoints.create({ url, verify: 'options' })
    expect(verification).toMatchObject({ allowedRate: 60 })
    const record = await store.endpoints.get('default', endpoint.id)
    expect(record?.rateLimit).toEqual({ limit: 60, perMs: 60_000 })
    for (const [limit, expected] of [
      [30, 30],
      [90, 60],
    ] as const) {
      const current = await store.endpoints.get('default', endpoint.id)
      if (current === undefined) throw new TypeError('no endpoint')
      await store.endpoints.replace({ ...current, rateLimit: { limit, perMs: 60_000 } })
      await sender.endpoints.verify(endpoint.id)
      const after = await store.endpoints.get('default', endpoint.id)
      expect(after?.rateLimit).toEqual({ limit: expected, perMs: 60_000 })
    }
  })

  it('that allows more than a rate limit can say gets the highest', async () => {
    const allowing = { ...yes, headers: { ...yes.headers, 'webhook-allowed-rate': '9999999' } }
    const { sender } = testSender([allowing], { verification: { origin } })
    const { endpoint } = await sender.endpoints.create({ url, verify: 'options' })
    expect(endpoint.rateLimit).toEqual({ limit: 100_000, per: '60000ms' })
    const { rateLimit = null } = endpoint
    await expect(sender.endpoints.update(endpoint.id, { rateLimit })).resolves.toBeDefined()
  })

  it('cannot be made where the host has no name', async () => {
    const { sender } = testSender()
    const { endpoint } = await sender.endpoints.create({ url })
    await expect(sender.endpoints.verify(endpoint.id, { method: 'options' })).rejects.toMatchObject(
      { code: 'invalid_argument' },
    )
    await expect(sender.endpoints.create({ url, verify: 'options' })).rejects.toMatchObject({
      code: 'invalid_argument',
    })
    expect((await sender.endpoints.list()).items).toHaveLength(1)
  })
})

describe('the challenge', () => {
  it('is a signed event, and another one each time', async () => {
    const { sender, transport } = testSender(echo)
    const { endpoint, secret, verification } = await sender.endpoints.create({
      url,
      verify: 'challenge',
    })
    expect(verification).toMatchObject({ verified: true, method: 'challenge' })
    expect(endpoint).toMatchObject({ status: 'enabled' })
    expect(await sender.endpoints.verify(endpoint.id)).toMatchObject({ verified: true })
    const [first, second] = transport.requests
    if (first === undefined) throw new TypeError('no request')
    expect(JSON.parse(first.text)).toMatchObject({ type: 'endpoint.verification' })
    expect(first.headers['webhook-id']).toBe(JSON.parse(first.text).id)
    expect(second?.text).not.toBe(first.text)
    const now = Math.floor(first.at / 1000)
    const signed = { headers: first.headers, body: first.body }
    expect(
      await verifySignature(schemes.standard, signed, [secret], {
        now,
        tolerance: { past: 1, future: 1 },
      }),
    ).toMatchObject({
      ok: true,
    })
    expect((await sender.deliveries.list()).items).toEqual([])
  })
})

describe('a server that only echoes', () => {
  it.each(['raw', 'standard'])('does not consent, in the envelope %o', async (envelope) => {
    const { sender } = testSender(({ text }) => ({ status: 200, body: text }))
    const { verification } = await sender.endpoints.create({ url, envelope, verify: 'challenge' })
    expect(verification).toMatchObject({ verified: false, code: 'no_consent' })
  })
})

describe('an endpoint that has not consented', () => {
  it('gets nothing, and cannot be enabled by hand', async () => {
    const { sender, transport } = testSender([404])
    const { endpoint, verification } = await sender.endpoints.create({ url, verify: 'challenge' })
    expect(verification).toMatchObject({
      ...{ verified: false, method: 'challenge', code: 'http_404', status: 404 },
      message: 'The endpoint answered 404.',
    })
    expect(endpoint).toMatchObject({ status: 'disabled', disabledReason: 'unverified' })
    await sender.send(run)
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(1)
    const { id } = endpoint
    const refusal = { code: 'invalid_endpoint', details: { reason: 'unverified' } }
    await expect(sender.endpoints.enable(id)).rejects.toMatchObject(refusal)
    await expect(sender.endpoints.pause(id)).rejects.toMatchObject(refusal)
    await expect(sender.endpoints.test(id)).rejects.toMatchObject({ code: 'invalid_endpoint' })
    await sender.endpoints.disable(id)
    await sender.endpoints.update(id, { url: `${url}/other` })
    expect(await sender.endpoints.get(id)).toMatchObject({ disabledReason: 'unverified' })
    await expect(sender.endpoints.enable(id)).rejects.toMatchObject(refusal)
  })

  it('is enabled when it is asked again, and gets what it missed on request', async () => {
    const { clock, sender, transport } = testSender((request, index) =>
      index === 1 ? echo(request) : index === 0 ? 503 : 200,
    )
    const { endpoint } = await sender.endpoints.create({ url, verify: 'challenge' })
    const since = new Date(clock.now())
    await sender.send(run)
    await sender.deliverDue()
    expect(await sender.endpoints.verify(endpoint.id)).toMatchObject({
      verified: true,
      endpoint: { status: 'enabled' },
    })
    await sender.recover({ endpointId: endpoint.id, since, only: 'missing' })
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(3)
  })

  it('can be asked by nobody else, and by nobody once the sender has stopped', async () => {
    const { sender } = testSender([404])
    const { endpoint } = await sender.endpoints.create({ url, verify: 'challenge' })
    await expect(sender.tenant('other').endpoints.verify(endpoint.id)).rejects.toMatchObject({
      code: 'endpoint_not_found',
    })
    await sender.stop()
    await expect(sender.endpoints.verify(endpoint.id)).rejects.toMatchObject({
      code: 'sender_stopped',
    })
    await expect(sender.endpoints.create({ url, verify: 'challenge' })).rejects.toMatchObject({
      code: 'sender_stopped',
    })
    expect((await sender.endpoints.list()).items).toHaveLength(1)
  })
})

describe('an endpoint that is asked', () => {
  it('for other reasons disabled, stays so', async () => {
    const { sender } = testSender(echo)
    const { endpoint } = await sender.endpoints.create({ url, enabled: false })
    expect(await sender.endpoints.verify(endpoint.id)).toMatchObject({
      verified: true,
      endpoint: { status: 'disabled', disabledReason: 'manual' },
    })
  })

  it('already, is not asked twice at once', async () => {
    const held = heldTransport()
    const { clock, sender } = testSender([], { transport: held })
    const { endpoint } = await sender.endpoints.create({ url })
    const first = sender.endpoints.verify(endpoint.id)
    await clock.advance(1)
    expect(await sender.endpoints.verify(endpoint.id)).toMatchObject({ code: 'in_progress' })
    expect(held.open).toBe(1)
    held.answer(500)
    expect(await first).toMatchObject({ code: 'http_500' })
    const again = sender.endpoints.verify(endpoint.id)
    await clock.advance(1)
    held.answer(404)
    expect(await again).toMatchObject({ code: 'http_404' })
  })

  it('consents for the URL that was asked, and no other', async () => {
    const held = heldTransport()
    const { clock, sender } = testSender([], {
      transport: held,
      verification: { origin, required: 'options' },
    })
    const { endpoint } = await sender.endpoints.create({ url })
    const asked = sender.endpoints.verify(endpoint.id)
    await clock.advance(1)
    await sender.endpoints.update(endpoint.id, { url: `${url}/moved` })
    held.answer(200, yes.headers)
    expect(await asked).toMatchObject({ verified: false, code: 'endpoint_changed' })
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ disabledReason: 'unverified' })
  })

  it('and cannot be reached, says so as a delivery would', async () => {
    const { sender } = testSender([
      {
        ...({ kind: 'error', errorClass: 'network', code: 'ECONNREFUSED', durationMs: 1 } as const),
        ...{ message: 'The endpoint could not be reached.', detail: '10.0.0.7:443' },
      },
    ])
    const { endpoint } = await sender.endpoints.create({ url })
    const result = await sender.endpoints.verify(endpoint.id)
    expect(result).toMatchObject({ code: 'ECONNREFUSED', endpoint: { status: 'enabled' } })
    expect(JSON.stringify(result)).not.toContain('10.0.0.7')
  })
})

describe('a host that requires consent', () => {
  const required = { verification: { origin, required: 'options' } } as const

  it('gets every new endpoint unverified, enabled or not', async () => {
    const { sender, transport } = testSender(() => yes, required)
    for (const enabled of [true, false]) {
      const { endpoint } = await sender.endpoints.create({ url, enabled })
      expect(endpoint).toMatchObject({ status: 'disabled', disabledReason: 'unverified' })
      expect(await sender.endpoints.verify(endpoint.id)).toMatchObject({ verified: true })
    }
    expect(transport.requests).toHaveLength(2)
  })

  it('is asked for no other method', async () => {
    const { sender } = testSender(() => yes, required)
    const { endpoint } = await sender.endpoints.create({ url })
    const other = { code: 'invalid_argument', details: { field: 'method' } }
    await expect(
      sender.endpoints.verify(endpoint.id, { method: 'challenge' }),
    ).rejects.toMatchObject(other)
    await expect(sender.endpoints.create({ url, verify: 'challenge' })).rejects.toMatchObject(other)
  })

  it.each(['enable', 'pause', 'disable'] as const)(
    'needs a new one for another URL, after %s too',
    async (state) => {
      const { sender } = testSender(() => yes, required)
      const { endpoint } = await sender.endpoints.create({ url, verify: 'options' })
      await sender.endpoints[state](endpoint.id)
      expect(await sender.endpoints.update(endpoint.id, { url, name: 'the same' })).toMatchObject({
        status: { enable: 'enabled', pause: 'paused', disable: 'disabled' }[state],
      })
      const moved = await sender.endpoints.update(endpoint.id, { url: `${url}/moved` })
      expect(moved).toMatchObject({ status: 'disabled', disabledReason: 'unverified' })
      await expect(sender.endpoints.enable(endpoint.id)).rejects.toMatchObject({
        code: 'invalid_endpoint',
      })
    },
  )

  it('needs a new one for a higher rate than the endpoint allowed, and for no lower one', async () => {
    const allowing = { ...yes, headers: { ...yes.headers, 'webhook-allowed-rate': '60' } }
    const { sender } = testSender(() => allowing, required)
    const limit = (limit: number) => ({ rateLimit: { limit, per: '60s' } }) as const
    for (const raised of [limit(61), { rateLimit: null }]) {
      const { endpoint } = await sender.endpoints.create({ url, verify: 'options' })
      for (const allowed of [limit(60), { name: 'x' }, limit(30)])
        expect(await sender.endpoints.update(endpoint.id, allowed)).toMatchObject({
          status: 'enabled',
        })
      expect(await sender.endpoints.update(endpoint.id, raised)).toMatchObject({
        disabledReason: 'unverified',
      })
      const { endpoint: again } = await sender.endpoints.verify(endpoint.id)
      expect(again).toMatchObject({ status: 'enabled', rateLimit: { limit: 60, per: '60000ms' } })
    }
  })

  it('and one that does not, leaves a moved endpoint as it was', async () => {
    const { sender } = testSender()
    const { endpoint } = await sender.endpoints.create({ url })
    expect(await sender.endpoints.update(endpoint.id, { url: `${url}/moved` })).toMatchObject({
      status: 'enabled',
    })
  })
})

describe('the option `verification`', () => {
  it.each([
    { origin: '' },
    { origin: 'https://events.example.com' },
    { origin: 'a b' },
    { origin: 'a\r\nb' },
    { origin: `${'a'.repeat(260)}.com` },
    { origin, rate: 0 },
    { origin, rate: 1.5 },
    { required: 'options' },
    { required: 'both' },
    { orgin: origin },
  ])('cannot be %o', (verification) => {
    // @ts-expect-error what a JavaScript caller may give
    expect(() => testSender([], { verification })).toThrow(TypeError)
  })
})
