import { afterEach, describe, expect, it } from 'vitest'
import { createSender } from '../../packages/sender/src/lib/create-sender'
import type { EndpointInput } from '../../packages/sender/src/lib/management/endpoint-input'
import { memoryStore } from '../../packages/sender/src/lib/stores/memory/memory-store'
import { certificateOf, expiresAt, keyOf } from '../lib/certificates'
import {
  onRequest,
  type RawServer,
  rawServer,
  type Serve,
  testAuthority,
  tlsFor,
} from './raw-server'

const run = { type: 'run.completed', data: { runId: 'r1' } } as const
const secret = 'CANARY-client-secret'
const closers: (() => Promise<unknown>)[] = []
const logged: unknown[] = []

const note = (...entry: unknown[]) => {
  logged.push(entry)
}

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  logged.length = 0
})

function open(retryIn: '1ms' | '1h' = '1h') {
  const sender = createSender({
    store: memoryStore(),
    network: { development: true },
    logger: { debug: note, info: note, warn: note, error: note },
    timeout: '1s',
    retry: { schedule: ['0s', retryIn], jitter: 0 },
  })
  closers.push(() => sender.stop({ timeout: '1s' }))
  return sender
}

async function listen(serve: Serve, tls?: Parameters<typeof rawServer>[1]): Promise<RawServer> {
  const server = await rawServer(serve, tls)
  closers.push(() => server.close())
  return server
}

const http = (status: string, body = '', more = '') =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`
const tokenAnswer = (fields: object) => http('200 OK', JSON.stringify(fields))
const authorizationOf = (head: string) => /^authorization: (.*)$/im.exec(head)?.[1]

/** An endpoint that takes what it is told to take, and keeps what it was shown. */
async function endpoint(accepts: (authorization: string | undefined) => boolean = () => true) {
  const shown: (string | undefined)[] = []
  const server = await listen((socket) =>
    onRequest(socket, (head) => {
      const authorization = authorizationOf(head)
      shown.push(authorization)
      socket.write(accepts(authorization) ? http('204 No Content') : http('401 Unauthorized'))
    }),
  )
  return { url: `http://127.0.0.1:${server.port}/`, shown }
}

async function tokenServer(answer: (number: number) => string | undefined) {
  const asked: { head: string; body: string }[] = []
  const server = await listen((socket) =>
    onRequest(socket, (head, body) => {
      asked.push({ head, body: body.toString() })
      const bytes = answer(asked.length)
      if (bytes !== undefined) socket.write(bytes, 'latin1')
    }),
  )
  return { url: `http://127.0.0.1:${server.port}/token`, asked }
}

const oauth2 = (
  tokenUrl: string,
  more: object = {},
): NonNullable<EndpointInput['authorization']> => ({
  type: 'oauth2',
  tokenUrl,
  clientId: 'client',
  clientSecret: secret,
  ...more,
})

/** Sends one event and makes one attempt. */
async function deliverOnce(sender: ReturnType<typeof open>) {
  const { eventId } = await sender.send(run)
  await sender.deliverDue()
  const { items } = await sender.deliveries.list({})
  const delivery = items.find((each) => each.eventId === eventId)
  if (delivery === undefined) throw new Error('no delivery')
  const attempts = await sender.deliveries.attempts(delivery.id)
  return { delivery, attempt: attempts[0] }
}

describe('a bearer token and a password', () => {
  it.each<[NonNullable<EndpointInput['authorization']>, string]>([
    [{ type: 'bearer', token: 'CANARY-token' }, 'Bearer CANARY-token'],
    [
      { type: 'basic', username: 'jürgen', password: 'CANARY: pass' },
      `Basic ${Buffer.from('jürgen:CANARY: pass').toString('base64')}`,
    ],
  ])('%j goes out with each request, and nowhere else', async (authorization, sent) => {
    const sender = open()
    const { url, shown } = await endpoint()
    const created = await sender.endpoints.create({ url, authorization })
    const { delivery, attempt } = await deliverOnce(sender)
    expect(delivery.status).toBe('succeeded')
    expect(shown).toEqual([sent])
    const read = [created, await sender.endpoints.get(created.endpoint.id), delivery, attempt]
    expect(JSON.stringify([read, logged])).not.toMatch(/CANARY|Basic |Bearer /)
    expect(read[1]).toHaveProperty('authorization.type', authorization.type)
  })

  it('can be taken away, and stand beside no header of that name', async () => {
    const sender = open()
    const { url, shown } = await endpoint()
    const authorization = { type: 'bearer', token: 't' } as const
    const headers = { Authorization: 'Bearer u' }
    await expect(sender.endpoints.create({ url, authorization, headers })).rejects.toMatchObject({
      code: 'invalid_endpoint',
      details: { field: 'authorization' },
    })
    const { endpoint: made } = await sender.endpoints.create({ url, authorization })
    await expect(sender.endpoints.update(made.id, { headers })).rejects.toMatchObject({
      code: 'invalid_endpoint',
    })
    await sender.endpoints.update(made.id, { name: 'kept' })
    await deliverOnce(sender)
    await sender.endpoints.update(made.id, { authorization: null })
    await deliverOnce(sender)
    expect(shown).toEqual(['Bearer t', undefined])
  })
})

describe('an OAuth 2 token', () => {
  it('is fetched once, and kept', async () => {
    const sender = open()
    const { url, shown } = await endpoint()
    const tokens = await tokenServer((number) =>
      tokenAnswer({ access_token: `t${number}`, token_type: 'Bearer', expires_in: 3600 }),
    )
    const authorization = oauth2(tokens.url, { scope: 'hooks', audience: 'api' })
    const { endpoint: made } = await sender.endpoints.create({ url, authorization })
    for (let each = 0; each < 20; each++) await sender.send(run)
    await sender.deliverDue()
    expect(shown).toEqual(Array(20).fill('Bearer t1'))
    expect(tokens.asked).toHaveLength(1)
    expect(tokens.asked[0]?.body).toBe('grant_type=client_credentials&scope=hooks&audience=api')
    const basic = Buffer.from(`client:${secret}`).toString('base64')
    expect(authorizationOf(tokens.asked[0]?.head ?? '')).toBe(`Basic ${basic}`)
    expect(await sender.endpoints.get(made.id)).toMatchObject({
      authorization: { type: 'oauth2', tokenUrl: tokens.url, clientId: 'client', scope: 'hooks' },
    })
  })

  it('that the endpoint does not accept is replaced for the retry', async () => {
    const sender = open('1ms')
    const { url, shown } = await endpoint((authorization) => authorization === 'Bearer t2')
    const tokens = await tokenServer((number) => tokenAnswer({ access_token: `t${number}` }))
    await sender.endpoints.create({ url, authorization: oauth2(tokens.url) })
    const { delivery } = await deliverOnce(sender)
    while ((await sender.deliveries.get(delivery.id)).status === 'pending')
      await sender.deliverDue()
    expect(await sender.deliveries.get(delivery.id)).toMatchObject({
      status: 'succeeded',
      attempts: 2,
    })
    expect(shown).toEqual(['Bearer t1', 'Bearer t2'])
  })

  it('is another one when the client’s secret was changed', async () => {
    const sender = open()
    const { url, shown } = await endpoint()
    const tokens = await tokenServer((number) => tokenAnswer({ access_token: `t${number}` }))
    const { endpoint: made } = await sender.endpoints.create({
      url,
      authorization: oauth2(tokens.url),
    })
    await deliverOnce(sender)
    const authorization = oauth2(tokens.url, { clientSecret: 'new' })
    await sender.endpoints.update(made.id, { authorization })
    await deliverOnce(sender)
    expect(shown).toEqual(['Bearer t1', 'Bearer t2'])
  })

  it.each<[string, (number: number) => string | undefined, string, string]>([
    ['a refusal', () => http('401 No', '{"error":"invalid_client"}'), 'protocol', 'token_refused'],
    ['an outage', () => http('503 No'), 'protocol', 'token_unavailable'],
    [
      'a redirect',
      () => http('302 Found', '', 'Location: http://169.254.169.254/\r\n'),
      'protocol',
      'token_unavailable',
    ],
    ['junk for JSON', () => http('200 OK', `<html>${secret}`), 'protocol', 'token_invalid'],
    [
      'a token with CR LF',
      () => tokenAnswer({ access_token: 'a\r\nx-injected: 1' }),
      'protocol',
      'token_invalid',
    ],
    [
      'a huge answer',
      () => tokenAnswer({ access_token: 'a', filler: 'x'.repeat(300_000) }),
      'protocol',
      'token_invalid',
    ],
    ['no answer', () => undefined, 'timeout', 'token_deadline'],
    ['no HTTP', () => 'nonsense\r\n\r\n', 'protocol', 'token_malformed_response'],
  ])(
    'that is not to be had for %s sends nothing, and is asked for again',
    async (_why, answer, errorClass, code) => {
      const sender = open()
      const { url, shown } = await endpoint()
      const tokens = await tokenServer(answer)
      await sender.endpoints.create({ url, authorization: oauth2(tokens.url) })
      const began = performance.now()
      const { delivery, attempt } = await deliverOnce(sender)
      expect(performance.now() - began).toBeLessThan(1600)
      expect(attempt).toMatchObject({ outcome: errorClass, error: { code } })
      expect(delivery).toMatchObject({ status: 'pending', attempts: 1 })
      expect(shown).toEqual([])
      expect(JSON.stringify([attempt, logged])).not.toContain('CANARY')
    },
  )

  it('is fetched under the network policy: refused when it is registered, and when it is dialled', async () => {
    const sender = createSender({
      store: memoryStore(),
      network: {
        lookup: async (name) => [name.startsWith('inner') ? '10.0.0.1' : '93.184.216.34'],
      },
    })
    closers.push(() => sender.stop({ timeout: '1s' }))
    const url = 'https://hooks.example.com/'
    for (const tokenUrl of [
      'https://10.0.0.1/',
      'http://auth.example.com/',
      'no URL',
      'https://u:p@a.example/',
    ])
      await expect(
        sender.endpoints.create({ url, authorization: oauth2(tokenUrl) }),
      ).rejects.toMatchObject({
        code: expect.stringMatching(/^(invalid_url|forbidden_address)$/),
        message: expect.stringContaining('tokenUrl'),
      })
    const authorization = oauth2('https://inner.example.com/')
    await sender.endpoints.create({ url, authorization })
    const { attempt } = await deliverOnce(sender)
    expect(attempt).toMatchObject({ error: { code: 'token_unreachable' } })
  })
})

describe('TLS settings of an endpoint', () => {
  const tls = {
    ca: testAuthority(),
    certificate: certificateOf('client-1'),
    key: keyOf('client-1'),
  }

  it('are used for its deliveries; its key is never shown', async () => {
    const sender = open()
    const server = await listen(
      (socket) => onRequest(socket, () => socket.write(http('204 No Content'))),
      tlsFor('good', {
        requestCert: true,
        rejectUnauthorized: true,
        ca: certificateOf('client-ca'),
      }),
    )
    const url = `https://localhost:${server.port}/`
    const { endpoint: made } = await sender.endpoints.create({ url, tls })
    const { delivery } = await deliverOnce(sender)
    expect(delivery.status).toBe('succeeded')
    expect(made.tls).toEqual({
      ca: true,
      certificate: { subject: 'CN=client-1', expiresAt },
      key: true,
    })
    await sender.endpoints.update(made.id, { tls: null })
    expect(await sender.endpoints.get(made.id)).not.toHaveProperty('tls')
    const { attempt } = await deliverOnce(sender)
    expect(attempt).toMatchObject({ outcome: 'tls' })
    const seen = JSON.stringify([made, delivery, attempt, logged])
    expect(seen).not.toContain('PRIVATE KEY')
  })

  it.each<[string, unknown, string]>([
    ['no object', 'pem', 'tls'],
    ['an authority that is no PEM', { ca: 'no PEM' }, 'tls.ca'],
    ['an authority that is no text', { ca: 5 }, 'tls.ca'],
    ['a key for an authority', { ca: tls.key }, 'tls.ca'],
    [
      'a broken certificate',
      { ...tls, certificate: tls.certificate.replace('M', '!') },
      'tls.certificate',
    ],
    ['a certificate alone', { certificate: tls.certificate }, 'tls.key'],
    ['a key alone', { key: tls.key }, 'tls.certificate'],
    ['a key that is another’s', { ...tls, key: keyOf('client-2') }, 'tls.key'],
    ['a key that is no PEM', { ...tls, key: 'no PEM' }, 'tls.key'],
    [
      'a certificate of a megabyte',
      { ...tls, certificate: tls.certificate.repeat(2000) },
      'tls.certificate',
    ],
    ['another field', { pfx: 'a' }, 'pfx'],
  ])('are refused with %s', async (_what, given, field) => {
    const sender = open()
    const input = { url: 'https://localhost:8443/', tls: given } as EndpointInput
    await expect(sender.endpoints.create(input)).rejects.toMatchObject({
      code: 'invalid_endpoint',
      details: { field },
    })
  })
})
