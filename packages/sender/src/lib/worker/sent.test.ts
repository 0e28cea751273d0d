import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'

const keys = [{ id: 'k1', key: new Uint8Array(32).map((_, index) => index) }]

/** The one attempt that was made of one event. */
async function attemptOf(...args: Parameters<typeof testSender>) {
  const testing = testSender(...args)
  const { sender, transport } = testing
  return {
    ...testing,
    async deliver() {
      await sender.send({ ...run, id: 'evt_1' })
      await sender.deliverDue()
      const [delivery] = (await sender.deliveries.list()).items
      const [attempt] = await sender.deliveries.attempts(delivery?.id ?? '')
      return { attempt, delivery, request: transport.requests[0] }
    },
  }
}

describe('the request headers of an attempt', () => {
  it('are kept: the owner’s own, and which message it was; signatures and credentials are masked', async () => {
    const { sender, clock, deliver } = await attemptOf([200])
    await sender.endpoints.create({
      url,
      headers: { 'x-team': 'a' },
      schemes: ['standard', 'svix'],
      authorization: { type: 'bearer', token: 'token-123456' },
    })
    const { attempt, request } = await deliver()
    expect(attempt?.requestHeaders).toEqual({
      'x-team': 'a',
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^Posthorn/),
      'webhook-id': 'evt_1',
      'webhook-timestamp': `${clock.now() / 1000}`,
      'webhook-signature': '***',
      'svix-id': 'evt_1',
      'svix-timestamp': `${clock.now() / 1000}`,
      'svix-signature': '***',
      authorization: '***',
    })
    expect(Object.keys(request?.headers ?? {}).sort()).toEqual(
      Object.keys(attempt?.requestHeaders ?? {}).sort(),
    )
  })

  it('are the redact hook’s to change, and not kept when it fails', async () => {
    const changed = await attemptOf([200], {
      redact: ({ requestHeaders, ...rest }) => ({
        ...rest,
        requestHeaders: { ...requestHeaders, 'x-team': 'hidden' },
      }),
    })
    await changed.sender.endpoints.create({ url, headers: { 'x-team': 'a' } })
    expect((await changed.deliver()).attempt?.requestHeaders).toMatchObject({ 'x-team': 'hidden' })
    const failed = await attemptOf([200], {
      redact: () => {
        throw new TypeError('no')
      },
    })
    await failed.sender.endpoints.create({ url })
    expect((await failed.deliver()).attempt).not.toHaveProperty('requestHeaders')
  })
})

describe('an answer that echoes', () => {
  it.each([
    ['the signing secret', (secret: string) => secret],
    ['its base64', (secret: string) => secret.slice(6)],
  ])('%s is kept without it', async (_what, echo) => {
    const answer = { status: 500, body: '' }
    const { sender, deliver } = await attemptOf([answer])
    const { secret } = await sender.endpoints.create({ url })
    answer.body = `env: ${echo(secret)}.`
    const { attempt } = await deliver()
    const kept = Buffer.from(attempt?.responseBody ?? []).toString()
    expect(kept).toMatch(/^env: \S*\*{32}\S*\.$/)
    expect(kept).not.toContain(secret.slice(6, 20))
  })

  it.each([
    [{ type: 'bearer', token: 'token-123456' } as const, 'token-123456'],
    [{ type: 'basic', username: 'user', password: 'pass-1234' } as const, 'pass-1234'],
    [
      { type: 'basic', username: 'user', password: 'pass-1234' } as const,
      Buffer.from('user:pass-1234').toString('base64'),
    ],
  ])('its credential is kept without it: %j', async (authorization, echo) => {
    const { sender, deliver } = await attemptOf([{ status: 200, body: `you sent ${echo}` }])
    await sender.endpoints.create({ url, authorization })
    const { attempt } = await deliver()
    expect(Buffer.from(attempt?.responseBody ?? []).toString()).toBe(
      `you sent ${'*'.repeat(echo.length)}`,
    )
  })

  it('its signatures is kept without them', async () => {
    const { sender, transport, deliver } = await attemptOf((request) => ({
      status: 200,
      body: JSON.stringify(request.headers),
    }))
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.endpoints.rotateSecret(endpoint.id)
    const { attempt } = await deliver()
    const kept = Buffer.from(attempt?.responseBody ?? []).toString()
    const signatures = transport.requests[0]?.headers['webhook-signature']?.split(' ') ?? []
    expect(signatures).toHaveLength(2)
    for (const signature of signatures) expect(kept).not.toContain(signature)
    expect(kept).toContain('"webhook-id":"evt_1"')
  })
})

describe('secrets that do not open', () => {
  it('cost a retry, and neither the delivery nor the endpoint’s health', async () => {
    const lines: object[] = []
    const log = (fields: object) => lines.push(fields)
    const logger = { debug: log, info: log, warn: log, error: log }
    const sealing = testSender([], { keys })
    const { endpoint } = await sealing.sender.endpoints.create({ url })
    await sealing.sender.send(run)
    const other = testSender([], { store: sealing.store, clock: sealing.clock, logger })
    expect(await other.sender.deliverDue()).toMatchObject({ retrying: 1, failed: 0 })
    expect(other.transport.requests).toEqual([])
    const [delivery] = (await other.sender.deliveries.list()).items
    expect(await other.sender.deliveries.attempts(delivery?.id ?? '')).toMatchObject([
      { error: { code: 'secrets_unavailable' } },
    ])
    expect(await other.sender.endpoints.get(endpoint.id)).toMatchObject({ health: 'healthy' })
    expect(JSON.stringify(lines)).toContain(
      'WebhookError config: A stored secret is sealed with the key \\"k1\\", which `keys` does not have',
    )
    await sealing.clock.advance('5s')
    expect(await sealing.sender.deliverDue()).toMatchObject({ succeeded: 1 })
  })

  it('are opened again once the key service can be reached', async () => {
    let down = false
    const turn = async (bytes: Uint8Array) => {
      if (down) throw new TypeError('down')
      return bytes.map((byte) => byte ^ 1)
    }
    const service = { encrypt: turn, decrypt: turn }
    const { sender, clock } = testSender([], { keys: [{ id: 'kms', service }] })
    await sender.endpoints.create({ url })
    await sender.send(run)
    down = true
    expect(await sender.deliverDue()).toMatchObject({ retrying: 1 })
    await expect(sender.endpoints.create({ url })).rejects.toMatchObject({
      code: 'secrets_unavailable',
    })
    down = false
    await clock.advance('5s')
    expect(await sender.deliverDue()).toMatchObject({ succeeded: 1 })
  })
})
