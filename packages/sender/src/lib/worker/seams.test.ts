import { describe, expect, it } from 'vitest'
import { failure } from '../model/testing/outcomes'
import { run, testSender, url } from '../test-sender'
import { heldTransport } from './test-transport'

const tokenUrl = 'https://auth.example/token'
const oauth2 = {
  type: 'oauth2',
  tokenUrl,
  clientId: 'billing',
  clientSecret: 'c-secret-1',
} as const

describe('a private token URL, where a private range is open', () => {
  const opened = { network: { allowAddresses: ['10.20.0.0/16'] } }

  async function after(outcome: ReturnType<typeof failure>) {
    const { clock, sender } = testSender([outcome], opened)
    const { endpoint } = await sender.endpoints.create({ url, authorization: oauth2 })
    await sender.send(run)
    const began = clock.now()
    const pass = sender.deliverDue()
    await clock.advance('1m')
    await pass
    const [delivery] = (await sender.deliveries.list()).items
    const [attempt] = await sender.deliveries.attempts(delivery?.id ?? '')
    const { health } = await sender.endpoints.get(endpoint.id)
    const { startedAt: _at, ...seen } = attempt ?? {}
    return { dueIn: (delivery?.dueAt?.getTime() ?? 0) - began, seen, health }
  }

  it('that is blocked, refused or silent reads the same to a tenant, and takes as long', async () => {
    const refused = await after(failure({ code: 'unreachable', durationMs: 3 }))
    expect(refused).toMatchObject({
      seen: { outcome: 'network', durationMs: 15_000, error: { code: 'token_unreachable' } },
      health: 'failing',
    })
    const others = [
      failure({ code: 'unreachable', errorClass: 'forbidden_address', durationMs: 1 }),
      failure({ code: 'unreachable', durationMs: 15_020 }),
      failure({ code: 'unreachable', blame: 'sender', durationMs: 40 }),
    ]
    for (const outcome of others) expect(await after(outcome)).toEqual(refused)
  })
})

it('a token is asked for under the name that the host chose', async () => {
  const { sender, transport } = testSender([401], { userAgent: 'Acme/1' })
  await sender.endpoints.create({ url, authorization: oauth2 })
  await sender.send(run)
  await sender.deliverDue()
  expect(transport.requests[0]).toMatchObject({
    url: tokenUrl,
    headers: { 'user-agent': 'Acme/1' },
  })
})

describe('an endpoint that moved while a request was under way', () => {
  it('is neither throttled nor failing for what its old URL answered', async () => {
    const held = heldTransport()
    const { clock, sender } = testSender([], { transport: held })
    const { endpoint } = await sender.endpoints.create({ url })
    await sender.send(run)
    const pass = sender.deliverDue()
    await clock.advance(1)
    await sender.endpoints.update(endpoint.id, { url: `${url}/moved` })
    held.answer(503, { 'retry-after': '86400' })
    await clock.advance(10)
    await pass
    const moved = await sender.endpoints.get(endpoint.id)
    expect(moved).toMatchObject({ health: 'healthy' })
    expect(moved).not.toHaveProperty('throttledUntil')
  })
})

it('a success heals although its request began before the failure that it follows', async () => {
  const held = heldTransport()
  const { clock, sender } = testSender([], { transport: held, retry: { schedule: ['0s'] } })
  const { endpoint } = await sender.endpoints.create({ url })
  await sender.sendMany([run, run])
  sender.start()
  await clock.advance(5)
  held.answer(500)
  await clock.advance(5)
  expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ health: 'failing' })
  held.answer(200)
  await clock.advance(5)
  expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ health: 'healthy' })
  await sender.stop()
})

describe('a secret that an endpoint sends back', () => {
  const token = `t${'0123456789'.repeat(70)}`
  const authorization = { type: 'bearer', token } as const

  it('is blanked where the log keeps only the head of it', async () => {
    const { sender } = testSender([
      {
        status: 302,
        headers: { location: `https://evil.example/${token}`, 'webhook-note': token },
      },
    ])
    await sender.endpoints.create({ url, authorization })
    await sender.send(run)
    await sender.deliverDue()
    const [delivery] = (await sender.deliveries.list()).items
    const [attempt] = await sender.deliveries.attempts(delivery?.id ?? '')
    expect(attempt?.responseHeaders).toMatchObject({ 'webhook-note': '***…' })
    expect(JSON.stringify(attempt)).not.toContain(token.slice(0, 12))
  })

  it('is in no answer to a verification, and in no line of the log', async () => {
    const lines: string[] = []
    const line = (fields: object) => lines.push(JSON.stringify(fields))
    const answers = [
      { status: 302, headers: { location: 'https://evil.example/token-123456' } },
      failure({ code: 'HPE_INVALID', errorClass: 'protocol', detail: 'got token-123456' }),
    ]
    const { sender } = testSender(answers, {
      logger: { debug: line, info: line, warn: line, error: line },
    })
    const { endpoint } = await sender.endpoints.create({
      url,
      authorization: { type: 'bearer', token: 'token-123456' },
    })
    for (const code of ['http_302', 'HPE_INVALID']) {
      const verification = await sender.endpoints.verify(endpoint.id)
      expect(verification).toMatchObject({ verified: false, code })
      expect(JSON.stringify(verification)).not.toContain('token-123456')
    }
    expect(lines.join()).toContain('HPE_INVALID')
    expect(lines.join()).not.toContain('token-123456')
  })
})

describe('what the owner of an endpoint adds', () => {
  it('never takes the place of a signature, though the scheme was added later', async () => {
    const { sender, store, transport } = testSender()
    const headers = { 'x-late': { value: 'forged', sensitive: true } } as const
    const { endpoint } = await sender.endpoints.create({ url, headers })
    const record = await store.endpoints.get('default', endpoint.id)
    if (record?.sealedHeaders === undefined) throw new TypeError('no endpoint')
    const { 'x-late': forged = '' } = record.sealedHeaders
    await store.endpoints.replace({ ...record, sealedHeaders: { 'webhook-signature': forged } })
    await sender.send(run)
    await sender.deliverDue()
    expect(transport.requests[0]?.headers['webhook-signature']).toMatch(/^v1,/)
  })
})

describe('a stop', () => {
  it('ends in time with a token on its way, which costs the endpoint nothing', async () => {
    const held = heldTransport()
    const { clock, sender } = testSender([], { transport: held })
    const { endpoint } = await sender.endpoints.create({ url, authorization: oauth2 })
    await sender.send(run)
    sender.start()
    await clock.advance(5)
    expect(held.open).toBe(1)
    const stopping = sender.stop({ timeout: '1s' })
    await clock.advance('1s')
    await stopping
    expect(await sender.statistics()).toMatchObject({ pending: 1, delivering: 0 })
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ health: 'healthy' })
  })

  it('ends in time with a verification on its way', async () => {
    const held = heldTransport()
    const { clock, sender } = testSender([], { transport: held })
    const { endpoint } = await sender.endpoints.create({ url })
    const asked = sender.endpoints.verify(endpoint.id)
    await clock.advance(5)
    const stopping = sender.stop({ timeout: '1s' })
    await clock.advance('1s')
    await stopping
    expect(await asked).toMatchObject({ verified: false, code: 'closed' })
  })
})

it('a key service that is down for days costs attempts on the schedule, and the endpoint nothing', async () => {
  let isDown = false
  let calls = 0
  const turn = async (bytes: Uint8Array) => {
    calls += 1
    if (isDown) throw new TypeError('down')
    return bytes.map((byte) => byte ^ 0x55)
  }
  const service = { encrypt: turn, decrypt: turn }
  const { clock, sender } = testSender([], {
    keys: [{ id: 'kms', service, cacheFor: '1s' }],
    worker: { pollInterval: '10m' },
  })
  const { endpoint } = await sender.endpoints.create({ url })
  await sender.send(run)
  isDown = true
  calls = 0
  sender.start()
  await clock.advance('6d')
  const [delivery] = (await sender.deliveries.list()).items
  expect(delivery).toMatchObject({ status: 'failed', reason: 'exhausted', attempts: 10 })
  expect(calls).toBe(10)
  expect(await sender.endpoints.get(endpoint.id)).toMatchObject({
    status: 'enabled',
    health: 'healthy',
  })
  await sender.stop()
})
