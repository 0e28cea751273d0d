import { defineEvents } from '@posthorn/schema'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createSender } from './create-sender'
import type { EndpointInput } from './management/endpoint-input'
import { memoryStore } from './stores/memory/memory-store'
import { run, testSender, url } from './test-sender'

const cyclic: Record<string, unknown> = {}
cyclic.self = cyclic

describe('an event that cannot be sent', () => {
  const rows: [name: string, event: unknown, code: string][] = [
    ['nothing', undefined, 'invalid_event'],
    ['a string', 'run.completed', 'invalid_event'],
    ['no type', { data: {} }, 'invalid_event'],
    ['an empty type', { type: '', data: {} }, 'unknown_event_type'],
    ['a type with a space', { type: 'run completed', data: {} }, 'unknown_event_type'],
    ['a type of 129 characters', { type: 'x'.repeat(129), data: {} }, 'unknown_event_type'],
    ['BigInt', { type: 'a', data: { n: 1n } }, 'not_serializable'],
    ['a cycle', { type: 'a', data: cyclic }, 'not_serializable'],
    ['no data', { type: 'a' }, 'not_serializable'],
    ['NaN', { type: 'a', data: [Number.NaN] }, 'not_serializable'],
    ['a function', { type: 'a', data: { f: () => 1 } }, 'not_serializable'],
    ['too much', { type: 'a', data: 'x'.repeat(262_145) }, 'payload_too_large'],
    ['an id with a dot', { type: 'a', data: 1, id: 'a.b' }, 'invalid_event'],
    ['an id of 101 characters', { type: 'a', data: 1, id: 'x'.repeat(101) }, 'invalid_event'],
    ['a number for an id', { type: 'a', data: 1, id: 5 }, 'invalid_event'],
    ['an object for an id', { type: 'a', data: 1, id: { toString: () => 'x' } }, 'invalid_event'],
    ['no id', { type: 'a', data: 1, id: null }, 'invalid_event'],
    ['an object for a type', { type: { toString: () => 'a' }, data: 1 }, 'invalid_event'],
    [
      'half a character as a key',
      { type: 'a', data: 1, idempotencyKey: '\ud800' },
      'invalid_event',
    ],
    ['NUL in a key', { type: 'a', data: 1, orderingKey: 'a\0b' }, 'invalid_event'],
    ['metadata in an array', { type: 'a', data: 1, metadata: ['a'] }, 'invalid_event'],
    ['metadata in a Map', { type: 'a', data: 1, metadata: new Map([['a', 'b']]) }, 'invalid_event'],
    ['metadata of nothing', { type: 'a', data: 1, metadata: null }, 'invalid_event'],
    ['half a character', { type: 'a', data: 1, metadata: { a: '\udc00' } }, 'invalid_event'],
    ['a version as text', { type: 'a', data: 1, version: '1' }, 'invalid_event'],
    ['version 0', { type: 'a', data: 1, version: 0 }, 'invalid_event'],
    ['version 1.5', { type: 'a', data: 1, version: 1.5 }, 'invalid_event'],
    ['a wrong timestamp', { type: 'a', data: 1, timestamp: 'yesterday' }, 'invalid_event'],
    ['an invalid Date', { type: 'a', data: 1, timestamp: new Date(Number.NaN) }, 'invalid_event'],
    ['a numeric timestamp', { type: 'a', data: 1, timestamp: 1 }, 'invalid_event'],
    ['an empty key', { type: 'a', data: 1, idempotencyKey: '' }, 'invalid_event'],
    ['a long key', { type: 'a', data: 1, idempotencyKey: 'x'.repeat(257) }, 'invalid_event'],
    ['metadata of numbers', { type: 'a', data: 1, metadata: { n: 1 } }, 'invalid_event'],
  ]
  it.each(rows)('%s', async (_name, event, code) => {
    const { sender } = testSender()
    const send: (event: never) => Promise<unknown> = sender.send
    await expect(send(event as never)).rejects.toMatchObject({ name: 'WebhookError', code })
    expect((await sender.events.list()).items).toEqual([])
  })

  it('fits exactly, or is one byte too large', async () => {
    const { sender } = testSender([], { maxPayloadBytes: 100 })
    const overhead = (await sender.prepare({ type: 'a', data: '', id: 'i' })).body.byteLength
    await expect(
      sender.send({ type: 'a', id: 'i', data: 'x'.repeat(101 - overhead) }),
    ).rejects.toMatchObject({
      code: 'payload_too_large',
      details: { bytes: 101, limit: 100 },
    })
    await sender.send({ type: 'a', id: 'i', data: 'x'.repeat(100 - overhead) })
  })

  it('by the catalogue: unknown type, unknown version, invalid data with its path', async () => {
    const events = defineEvents({
      'run.completed': z.object({ steps: z.array(z.object({ name: z.string() })) }),
    })
    const { clock, transport } = testSender()
    const sender = createSender({ events, store: memoryStore(), clock, transport })
    const send: (event: never) => Promise<unknown> = sender.send
    for (const type of ['run.unknown', '__proto__', 'constructor', 'toString']) {
      await expect(send({ type, data: {} } as never)).rejects.toMatchObject({
        code: 'unknown_event_type',
      })
    }
    const data = { steps: [{ name: 'a' }, { name: 1 }] }
    await expect(send({ type: 'run.completed', data } as never)).rejects.toMatchObject({
      code: 'invalid_data',
      message: expect.stringContaining('data.steps[1].name'),
    })
    await expect(send({ type: 'run.completed', version: 2, data } as never)).rejects.toMatchObject({
      code: 'unsupported_version',
    })
  })

  it('may have __proto__ as a key, which stays data', async () => {
    const { sender, transport } = testSender()
    await sender.endpoints.create({ url })
    const data = JSON.parse('{"__proto__":{"admin":true},"constructor":1}')
    await sender.send({ type: '__proto__', data, metadata: JSON.parse('{"__proto__":"x"}') })
    await sender.deliverDue()
    expect(transport.requests[0]?.text).toContain(
      '"data":{"__proto__":{"admin":true},"constructor":1}',
    )
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
  })
})

describe('an endpoint that cannot be created', () => {
  const rows: [name: string, input: object, code: string][] = [
    ['no URL', {}, 'invalid_url'],
    ['not a URL', { url: 'receiver' }, 'invalid_url'],
    ['http', { url: 'http://receiver.example/' }, 'invalid_url'],
    ['ftp', { url: 'ftp://receiver.example/' }, 'invalid_url'],
    ['userinfo', { url: 'https://user:pass@receiver.example/' }, 'invalid_url'],
    ['loopback', { url: 'https://127.0.0.1/' }, 'forbidden_address'],
    ['metadata', { url: 'https://169.254.169.254/' }, 'forbidden_address'],
    ['IPv6 loopback', { url: 'https://[::1]/' }, 'forbidden_address'],
    ['a decimal address', { url: 'https://2130706433/' }, 'forbidden_address'],
    ['localhost', { url: 'https://localhost/' }, 'forbidden_address'],
    ['no patterns', { url, eventTypes: [] }, 'invalid_endpoint'],
    ['a wrong pattern', { url, eventTypes: ['run.*x'] }, 'invalid_endpoint'],
    ['an unknown filter', { url, filter: { path: 'a', like: 'b' } }, 'invalid_filter'],
    ['a long name', { url, name: 'x'.repeat(201) }, 'invalid_endpoint'],
    ['an unknown envelope', { url, envelope: 'soap' }, 'invalid_endpoint'],
    ['an unknown scheme', { url, schemes: ['md5'] }, 'invalid_endpoint'],
    ['no schemes', { url, schemes: [] }, 'invalid_endpoint'],
    ['a timeout beyond half the lease', { url, timeout: '23s' }, 'invalid_endpoint'],
    ['a timeout of nothing', { url, timeout: '0s' }, 'invalid_endpoint'],
    ['a numeric timeout', { url, timeout: 5 }, 'invalid_endpoint'],
    ['a retry rule without a start', { url, retry: { schedule: ['5s'] } }, 'invalid_endpoint'],
    [
      'retries without a pause',
      { url, retry: { schedule: ['0s', '0s', '999ms'] } },
      'invalid_endpoint',
    ],
    ['an unknown setting', { url, rateLimits: 5 }, 'invalid_endpoint'],
    ['a rate limit as a number', { url, rateLimit: 5 }, 'invalid_endpoint'],
    ['a rate of nothing', { url, rateLimit: { limit: 0, per: '1s' } }, 'invalid_endpoint'],
    ['a broken rate', { url, rateLimit: { limit: 1.5, per: '1s' } }, 'invalid_endpoint'],
    ['an absurd rate', { url, rateLimit: { limit: 100_001, per: '1s' } }, 'invalid_endpoint'],
    ['a rate per moment', { url, rateLimit: { limit: 5, per: '999ms' } }, 'invalid_endpoint'],
    ['a rate per month', { url, rateLimit: { limit: 5, per: '30d' } }, 'invalid_endpoint'],
    ['a rate per number', { url, rateLimit: { limit: 5, per: 1000 } }, 'invalid_endpoint'],
    [
      'a rate with a burst',
      { url, rateLimit: { limit: 5, per: '1s', burst: 5 } },
      'invalid_endpoint',
    ],
    ['an order that is only wished for', { url, ordered: true }, 'invalid_endpoint'],
    ['a host header', { url, headers: { Host: 'a' } }, 'invalid_header'],
    ['a content header', { url, headers: { 'Content-Type': 'a' } }, 'invalid_header'],
    ['a signature header', { url, headers: { 'Webhook-Signature': 'a' } }, 'invalid_header'],
    ['a split header', { url, headers: { 'x-a': 'a\r\nx-b: b' } }, 'invalid_header'],
    ['a header twice', { url, headers: { 'x-a': 'a', 'X-A': 'b' } }, 'invalid_header'],
    ['a header name with a space', { url, headers: { 'x a': 'a' } }, 'invalid_header'],
  ]
  it.each(rows)('%s', async (_name, input, code) => {
    const { sender } = testSender()
    await expect(sender.endpoints.create(input as EndpointInput)).rejects.toMatchObject({
      name: 'WebhookError',
      code,
    })
    expect((await sender.endpoints.list()).items).toEqual([])
  })
})

describe('a call that cannot be', () => {
  it('names a tenant that is no name', () => {
    const { sender } = testSender()
    for (const tenant of ['', ' ', 'a b', 'x'.repeat(129)]) {
      expect(() => sender.tenant(tenant)).toThrow(
        expect.objectContaining({ code: 'invalid_argument' }),
      )
    }
  })

  it('pages by a wrong limit, cursor, status or time', async () => {
    const { sender } = testSender()
    const list: (filter: never) => Promise<unknown> = sender.deliveries.list
    for (const filter of [
      { limit: 0 },
      { limit: 501 },
      { cursor: 'nonsense!' },
      { status: 'lost' },
      { since: 'soon' },
    ]) {
      await expect(list(filter as never)).rejects.toMatchObject({ code: 'invalid_argument' })
    }
  })

  it('comes after the store was closed', async () => {
    const { sender, store } = testSender()
    await store.close()
    await expect(sender.send(run)).rejects.toMatchObject({ code: 'store_closed' })
    await expect(sender.deliverDue()).rejects.toMatchObject({ code: 'store_closed' })
  })
})

describe('an option that cannot be', () => {
  const store = memoryStore()
  const rows: [name: string, options: object, message: RegExp][] = [
    ['no store', {}, /store/],
    ['an unknown option', { store, retries: 3 }, /unknown option "retries"/],
    ['an unknown worker option', { store, worker: { threads: 3 } }, /unknown option "threads"/],
    ['a numeric duration', { store, timeout: 15 }, /timeout/],
    ['a negative duration', { store, timeout: '-1s' }, /timeout/],
    ['no time', { store, timeout: '0s' }, /timeout/],
    [
      'a short lease',
      { store, timeout: '15s', worker: { lease: '29s' } },
      /worker.lease must be at least twice/,
    ],
    ['no concurrency', { store, worker: { concurrency: 0 } }, /worker.concurrency/],
    ['half a slot', { store, worker: { perEndpoint: 0.5 } }, /worker.perEndpoint/],
    ['an absurd limit', { store, maxPayloadBytes: Number.POSITIVE_INFINITY }, /maxPayloadBytes/],
    ['a negative capture', { store, capture: -1 }, /capture/],
    ['a share above 1', { store, health: { failingShare: 1.1 } }, /health.failingShare/],
    ['jitter above 1', { store, retry: { jitter: 2 } }, /retry.jitter/],
    ['no schemes', { store, signing: { schemes: [] } }, /signing.schemes/],
    ['an unknown envelope', { store, signing: { envelope: 'soap' } }, /signing.envelope/],
    ['a user agent with a line break', { store, userAgent: 'a\r\nb' }, /userAgent/],
    ['a scheme by its name', { store, signing: { schemes: ['standard'] } }, /signing.schemes\[0\]/],
    ['schemes that are no list', { store, signing: { available: 'x' } }, /signing.available/],
    [
      'an envelope by its name',
      { store, signing: { envelopes: ['raw'] } },
      /signing.envelopes\[0\]/,
    ],
    ['a catalogue that is none', { store, events: {} }, /events/],
    ['a catalogue of nothing', { store, events: null }, /events/],
    ['a logger without a level', { store, logger: { info: () => {} } }, /logger.*debug/],
    ['a clock that is a number', { store, clock: 5 }, /clock/],
    ['a transport that is a function', { store, transport: () => {} }, /transport/],
    ['a constant for chance', { store, random: 0.5 }, /random/],
    ['a redaction that is no function', { store, redact: 'body' }, /redact/],
    ['a share as text', { store, health: { failingShare: '0.5' } }, /health.failingShare/],
    ['a worker id with a line break', { store, worker: { id: 'a\nb' } }, /worker.id/],
    ['a worker id that is a number', { store, worker: { id: 5 } }, /worker.id/],
    ['an absurd duration', { store, timeout: '99999d' }, /timeout/],
    ['a duration of the kind 1e3', { store, timeout: '1e3ms' }, /timeout/],
    ['a wrong range', { store, network: { allowAddresses: ['10.0.0.0/99'] } }, /allowAddresses/],
  ]
  it.each(rows)('%s', (_name, options, message) => {
    expect(() => createSender(options as { store: typeof store })).toThrow(TypeError)
    expect(() => createSender(options as { store: typeof store })).toThrow(message)
  })
})
