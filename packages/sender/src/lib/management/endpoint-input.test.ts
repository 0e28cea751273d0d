import { defineEvents } from '@posthorn/schema'
import { defineScheme, generateSecret } from '@posthorn/schema/signature'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSender } from '../create-sender'
import { memoryStore } from '../stores/memory/memory-store'
import { run, testSender, url } from '../test-sender'
import { refused, untyped } from '../test-untyped'
import type { EndpointChanges, EndpointInput } from './endpoint-input'

describe('an endpoint', () => {
  const inputs: [name: string, input: object, code: string][] = [
    ['enabled by a word', { url, enabled: 'no' }, 'invalid_endpoint'],
    ['enabled by nothing', { url, enabled: null }, 'invalid_endpoint'],
    ['headers in a Headers', { url, headers: new Headers({ 'x-a': 'a' }) }, 'invalid_header'],
    ['headers in a Map', { url, headers: new Map([['x-a', 'a']]) }, 'invalid_header'],
    ['headers in an array', { url, headers: ['a'] }, 'invalid_header'],
    ['too many headers', { url, headers: many(33, (n) => [`x-${n}`, 'a']) }, 'invalid_header'],
    ['a header of numbers', { url, headers: { 'x-a': 5 } }, 'invalid_header'],
    ['metadata in an array', { url, metadata: ['a'] }, 'invalid_endpoint'],
    ['too much metadata', { url, metadata: many(33, (n) => [`k${n}`, 'a']) }, 'invalid_endpoint'],
    ['half a character in a name', { url, name: '\ud800' }, 'invalid_endpoint'],
    ['a name that is a number', { url, name: 5 }, 'invalid_endpoint'],
    ['101 patterns', { url, eventTypes: Array(101).fill('a') }, 'invalid_endpoint'],
    ['a billion patterns', { url, eventTypes: new Array(1e9) }, 'invalid_endpoint'],
    ['a pattern of a megabyte', { url, eventTypes: ['a'.repeat(1e6)] }, 'invalid_endpoint'],
    ['a pattern for a list', { url, eventTypes: 'run.*' }, 'invalid_endpoint'],
    ['a deep filter', { url, filter: deep(100_000) }, 'invalid_filter'],
    ['a cyclic filter', { url, filter: cyclic() }, 'invalid_filter'],
    ['a filter in an array', { url, filter: [{ path: 'a', eq: 1 }] }, 'invalid_filter'],
    [
      'a filter of prototypes',
      { url, filter: { __proto__: { path: 'a', eq: 1 } } },
      'invalid_filter',
    ],
    ['a filter of a function', { url, filter: () => true }, 'invalid_filter'],
    ['a retry rule that is a list', { url, retry: ['0s'] }, 'invalid_endpoint'],
    ['an absurd number of attempts', { url, retry: { maxAttempts: 1e9 } }, 'invalid_endpoint'],
    ['an absurd age', { url, retry: { maxAge: '999999d' } }, 'invalid_endpoint'],
    ['an absurd timeout', { url, timeout: '365d' }, 'invalid_endpoint'],
    ['a timeout with an exponent', { url, timeout: '1e3s' }, 'invalid_endpoint'],
    ['a URL that is an object', { url: new URL(url) }, 'invalid_url'],
    ['an endless URL', { url: `${url}/${'x'.repeat(2048)}` }, 'invalid_url'],
    ['a secret that is an object', { url, secret: {} }, 'invalid_secret'],
    ['no secret', { url, secret: null }, 'invalid_secret'],
    ['a prototype for an envelope', { url, envelope: '__proto__' }, 'invalid_endpoint'],
    ['a prototype for a scheme', { url, schemes: ['constructor'] }, 'invalid_endpoint'],
  ]
  it.each(inputs)('is neither created nor updated with %s', async (_name, input, code) => {
    const { sender } = testSender()
    await expect(sender.endpoints.create(input as EndpointInput)).rejects.toMatchObject(
      refused(code),
    )
    const { endpoint } = await sender.endpoints.create({ url })
    const isChange = !('enabled' in input || 'secret' in input)
    await expect(
      sender.endpoints.update(endpoint.id, input as EndpointChanges),
    ).rejects.toMatchObject(refused(isChange ? code : 'invalid_endpoint'))
    expect(await sender.endpoints.get(endpoint.id)).toEqual(endpoint)
  })

  it('keeps headers and metadata of any name to itself', async () => {
    const { sender, transport } = testSender()
    const headers = JSON.parse('{"__proto__":"a","constructor":"b"}')
    const { endpoint } = await sender.endpoints.create({ url, headers, metadata: headers })
    expect(Object.entries(endpoint.metadata)).toEqual(Object.entries(headers))
    await sender.send(run)
    await sender.deliverDue()
    expect(Object.entries(transport.requests[0]?.headers ?? {})).toEqual(
      expect.arrayContaining(Object.entries(headers)),
    )
  })

  it('gets no scheme that its secrets do not fit', async () => {
    const plain = defineScheme({
      name: 'plain',
      headers: { signature: 'x-signature' },
      signed: '{body}',
      layout: { kind: 'single', prefix: 'sha256=' },
      encoding: 'hex',
      key: 'utf8',
    })
    const { sender } = testSender([], { signing: { available: [plain] } })
    const secret = 'a secret of the vendor, not base64!'
    const { endpoint } = await sender.endpoints.create({ url, schemes: ['plain'], secret })
    const update = () => sender.endpoints.update(endpoint.id, { schemes: null })
    await expect(update()).rejects.toMatchObject({
      ...refused('invalid_endpoint'),
      message: expect.stringContaining('rotate'),
    })
    await expect(update()).rejects.not.toThrow(secret)
    await sender.endpoints.rotateSecret(endpoint.id, { overlap: '0s', secret: generateSecret() })
    expect(await update()).not.toHaveProperty('schemes')
  })

  it('is not enabled when what is to be recovered cannot be', async () => {
    const { sender } = testSender()
    const { endpoint } = await sender.endpoints.create({ url, enabled: false })
    for (const options of [
      null,
      { recover: {} },
      { recover: { since: 'soon' } },
      { since: '2026-01-01' },
    ])
      await expect(untyped(sender.endpoints.enable, endpoint.id, options)).rejects.toMatchObject(
        refused(),
      )
    expect(await sender.endpoints.get(endpoint.id)).toMatchObject({ status: 'disabled' })
  })

  it('is rotated neither to a weak secret nor for an absurd time', async () => {
    const { sender } = testSender()
    const { endpoint } = await sender.endpoints.create({ url })
    const rotate = (options: unknown) =>
      untyped(sender.endpoints.rotateSecret, endpoint.id, options)
    for (const secret of ['', 'whsec_c2hvcnQ=', 'password', {}, null, 5])
      await expect(rotate({ secret })).rejects.toMatchObject(refused('invalid_secret'))
    for (const overlap of ['-1h', '366d', 5, '1 h', '', {}])
      await expect(rotate({ overlap })).rejects.toMatchObject(refused('invalid_endpoint'))
    for (const options of [null, 'secret', { overlp: '0s' }])
      await expect(rotate(options)).rejects.toMatchObject(refused())
    expect((await sender.endpoints.get(endpoint.id)).secrets).toEqual(endpoint.secrets)
  })

  it('is tested with a type that the catalogue knows, and has an example of', async () => {
    const { clock, transport } = testSender()
    const schema = z.object({ runId: z.string() })
    const events = defineEvents({ bare: schema, full: { schema, example: { runId: 'r1' } } })
    const sender = createSender({ events, store: memoryStore(), clock, transport })
    const { endpoint } = await sender.endpoints.create({ url })
    const test = (options: unknown) => untyped(sender.endpoints.test, endpoint.id, options)
    for (const type of ['unknown', '__proto__', '', 5, {}, null])
      await expect(test({ type })).rejects.toMatchObject(refused('unknown_event_type'))
    await expect(test({ type: 'bare' })).rejects.toMatchObject(refused())
    await expect(test({ typ: 'full' })).rejects.toMatchObject(refused())
    await expect(test(null)).rejects.toMatchObject(refused())
    expect(await test({ type: 'full' })).toMatchObject({ deliveries: 1 })
    await sender.deliverDue()
    expect(transport.requests).toHaveLength(1)
    expect(transport.requests[0]?.text).toContain('"data":{"runId":"r1"}')
  })
})

function many(count: number, entry: (n: number) => [string, string]) {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => entry(n)))
}

function deep(levels: number): object {
  let filter: object = { path: 'a', eq: 1 }
  for (let level = 0; level < levels; level += 1) filter = { not: filter }
  return filter
}

function cyclic(): object {
  const filter: Record<string, unknown> = {}
  filter.not = filter
  return filter
}
