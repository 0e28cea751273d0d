import { describe, expect, it } from 'vitest'
import { run, testSender, url } from '../test-sender'
import type { HeaderInput } from './endpoint-headers'

const keys = [{ id: 'k1', key: new Uint8Array(32).map((_, index) => index) }]
const secret = 'canary-0123456789'

const sensitive = (value: string) => ({ value, sensitive: true }) as const

describe('a header value that is marked sensitive', () => {
  it('is sent, and shown by name only: sealed in the store, masked in the log', async () => {
    const { sender, store, transport } = testSender([], { keys })
    const headers = {
      'X-Api-Key': sensitive(secret),
      'x-pin': sensitive('1234567890'),
      'x-team': 'a',
    }
    const { endpoint } = await sender.endpoints.create({ url, headers })
    const shown = { 'x-api-key': { sensitive: true }, 'x-pin': { sensitive: true }, 'x-team': 'a' }
    expect(endpoint.headers).toEqual(shown)
    expect((await sender.endpoints.get(endpoint.id)).headers).toEqual(shown)
    expect((await sender.endpoints.list()).items[0]?.headers).toEqual(shown)
    expect((await sender.operator.endpoints.list()).items[0]?.headers).toEqual(shown)
    const record = await store.endpoints.get('default', endpoint.id)
    const sealed = expect.stringMatching(/^v1:gcm:k1:/)
    expect(record?.sealedHeaders).toEqual({ 'x-api-key': sealed, 'x-pin': sealed })
    await sender.send(run)
    await sender.deliverDue()
    expect(transport.requests[0]?.headers).toMatchObject({ 'x-api-key': secret, 'x-team': 'a' })
    const [delivery] = (await sender.deliveries.list()).items
    const [attempt] = await sender.deliveries.attempts(delivery?.id ?? '')
    expect(attempt?.requestHeaders).toMatchObject({
      'x-api-key': '***',
      'x-pin': '***',
      'x-team': 'a',
    })
  })

  it('is kept when what was shown is given back, replaced when a value is given, else dropped', async () => {
    const { sender, store } = testSender()
    const headers = { 'x-one': sensitive('first'), 'x-two': sensitive('second'), 'x-team': 'a' }
    const { endpoint } = await sender.endpoints.create({ url, headers })
    const sealed = async () => (await store.endpoints.get('default', endpoint.id))?.sealedHeaders
    const change = (given: Readonly<Record<string, HeaderInput>> | null) =>
      sender.endpoints.update(endpoint.id, { headers: given })
    await sender.endpoints.update(endpoint.id, { name: 'renamed' })
    expect(await sealed()).toEqual({ 'x-one': 'v0:plain:first', 'x-two': 'v0:plain:second' })
    await change({ ...endpoint.headers, 'x-two': sensitive('changed'), 'x-team': 'b' })
    expect(await sealed()).toEqual({ 'x-one': 'v0:plain:first', 'x-two': 'v0:plain:changed' })
    expect((await change({ 'x-two': { sensitive: true } })).headers).toEqual({
      'x-two': { sensitive: true },
    })
    expect((await change({ 'x-two': 'open now' })).headers).toEqual({ 'x-two': 'open now' })
    expect(await sealed()).toBeUndefined()
    await change({ 'x-two': sensitive('') })
    expect(await sealed()).toEqual({ 'x-two': 'v0:plain:' })
    expect((await change(null)).headers).toEqual({})
    expect(await sealed()).toBeUndefined()
  })

  it('is what `authorization` always is', async () => {
    const { sender, transport } = testSender([200])
    const headers = { Authorization: 'Bearer token-123456' }
    const { endpoint } = await sender.endpoints.create({ url, headers })
    expect(endpoint.headers).toEqual({ authorization: { sensitive: true } })
    await sender.send(run)
    await sender.deliverDue()
    expect(transport.requests[0]?.headers.authorization).toBe('Bearer token-123456')
  })

  it.each<[string, unknown]>([
    ['a value that is not there to keep', { 'x-none': { sensitive: true } }],
    ['a mark that is not true', { 'x-one': { value: 'x', sensitive: false } }],
    ['no mark', { 'x-one': { value: 'x' } }],
    ['a stray field', { 'x-one': { value: 'x', sensitive: true, hidden: true } }],
    ['a value that HTTP does not allow', { 'x-one': { value: 'a\r\nb', sensitive: true } }],
    ['a value that is no text', { 'x-one': { value: 1, sensitive: true } }],
    ['a name that the sender owns', { 'webhook-id': { value: 'x', sensitive: true } }],
    ['a name twice', { 'x-one': 'a', 'X-One': { value: 'x', sensitive: true } }],
    ['an inherited name', { constructor: { sensitive: true } }],
  ])('is refused for %s, at creation and in a change', async (_what, headers) => {
    const { sender, store } = testSender()
    const given = headers as Readonly<Record<string, HeaderInput>>
    const refused = { code: 'invalid_header' }
    await expect(sender.endpoints.create({ url, headers: given })).rejects.toMatchObject(refused)
    const { endpoint } = await sender.endpoints.create({
      url,
      headers: { 'x-kept': sensitive('k') },
    })
    await expect(sender.endpoints.update(endpoint.id, { headers: given })).rejects.toMatchObject(
      refused,
    )
    const record = await store.endpoints.get('default', endpoint.id)
    expect(record?.sealedHeaders).toEqual({ 'x-kept': 'v0:plain:k' })
  })

  it('does not move to another origin unless it is given again', async () => {
    const { sender } = testSender()
    const { endpoint } = await sender.endpoints.create({
      url,
      headers: { 'x-key': sensitive('k') },
    })
    const move = (changes: object) =>
      sender.endpoints.update(endpoint.id, { url: 'https://other.example/webhooks', ...changes })
    await sender.endpoints.update(endpoint.id, { url: `${url}/elsewhere` })
    await expect(move({})).rejects.toMatchObject({
      code: 'invalid_header',
      message:
        'Endpoint header `x-key` must be given again, or taken away, when `url` moves to another origin.',
    })
    await expect(move({ headers: endpoint.headers })).rejects.toMatchObject({
      code: 'invalid_header',
    })
    const moved = await move({ headers: { 'x-key': sensitive('k') } })
    expect(moved.url).toBe('https://other.example/webhooks')
    await sender.endpoints.update(endpoint.id, { url, headers: null })
  })

  it('is as an authorization is in that', async () => {
    const { sender } = testSender()
    const authorization = { type: 'bearer', token: 'token-123456' } as const
    const { endpoint } = await sender.endpoints.create({ url, authorization })
    const there = 'https://other.example/webhooks'
    await expect(sender.endpoints.update(endpoint.id, { url: there })).rejects.toMatchObject({
      code: 'invalid_endpoint',
      details: { field: 'authorization' },
    })
    await sender.endpoints.update(endpoint.id, { url: there, authorization })
    await sender.endpoints.update(endpoint.id, { url, authorization: null })
  })
})
