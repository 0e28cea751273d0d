import { defineEvents, envelopes, schemes } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { deferred, events, NOW, OTHER_SECRET, SECRET, setUp, signed } from '../test-support'
import { createTestEvent } from './create-test-event'
import { deliver, deliverConcurrently } from './deliver'
import { signTestRequest } from './sign-test-request'

describe('createTestEvent', () => {
  it('is the example of the catalogue, the same each time', () => {
    expect(createTestEvent(events, 'run.completed')).toEqual({
      id: 'evt_run_completed',
      type: 'run.completed',
      timestamp: '2026-01-01T00:00:00.000Z',
      version: 1,
      data: { runId: 'r1', durationMs: 12 },
    })
    expect(createTestEvent(events, 'run.failed').version).toBe(2)
  })

  it('is a copy of the example', () => {
    const event = createTestEvent(events, 'run.completed')
    event.data.runId = 'changed'
    expect(createTestEvent(events, 'run.completed').data.runId).toBe('r1')
  })

  it('takes what is laid over it', () => {
    const event = createTestEvent(events, 'run.completed', {
      id: 'evt_7',
      timestamp: '2026-02-01T00:00:00Z',
      data: { durationMs: 99 },
    })
    expect(event).toEqual({
      id: 'evt_7',
      type: 'run.completed',
      timestamp: '2026-02-01T00:00:00Z',
      version: 1,
      data: { runId: 'r1', durationMs: 99 },
    })
  })

  it('takes the whole data of an older version', () => {
    const data = { runId: 'old' }
    expect(createTestEvent(events, 'run.failed', { version: 1, data })).toMatchObject({
      version: 1,
      data,
    })
    expect(createTestEvent(events, 'run.failed', { version: 2, data }).data).toEqual({
      runId: 'old',
      attempts: 3,
    })
  })

  it('takes data that is no object in place of the example', () => {
    const scalars = defineEvents({ 'a.b': { schema: z.unknown(), example: { a: 1 } } })
    expect(createTestEvent(scalars, 'a.b', { data: [1] }).data).toEqual([1])
    expect(createTestEvent(scalars, 'a.b', { data: null }).data).toBeNull()
  })

  it('has an id that can be one, however long the type', () => {
    const type = `${'a.'.repeat(63)}bc`
    const long = defineEvents({ [type]: { schema: z.object({}), example: {} } })
    const { id } = createTestEvent(long, type)
    expect(id).toMatch(/^[A-Za-z0-9_-]{128}$/)
  })

  it('needs a type of the catalogue, and data from somewhere', () => {
    // @ts-expect-error: no such type
    expect(() => createTestEvent(events, 'run.lost')).toThrow("no type 'run.lost'")
    const bare = defineEvents({ 'a.b': z.object({ a: z.number() }) })
    expect(() => createTestEvent(bare, 'a.b')).toThrow(TypeError)
    expect(() => createTestEvent(bare, 'a.b')).toThrow("'a.b' has no example")
    expect(createTestEvent(bare, 'a.b', { data: { a: 1 } }).data).toEqual({ a: 1 })
    expect(() => createTestEvent(events, 'run.failed', { version: 1 })).toThrow(TypeError)
  })
})

describe('signTestRequest', () => {
  const event = createTestEvent(events, 'run.completed')

  it('is what a sender would send', async () => {
    const request = await signTestRequest(event, { secret: SECRET, at: NOW / 1_000 })
    expect(request).toEqual({
      method: 'POST',
      url: 'http://localhost/webhooks',
      headers: {
        'content-type': 'application/json',
        'webhook-id': event.id,
        'webhook-timestamp': String(NOW / 1_000),
        'webhook-signature': expect.stringMatching(/^v1,/),
      },
      body: new TextEncoder().encode(JSON.stringify({ ...event, version: undefined })),
    })
  })

  it.each([
    [new Date(NOW + 999), NOW / 1_000],
    [new Date(NOW).toISOString(), NOW / 1_000],
    [NOW / 1_000 + 0.9, NOW / 1_000],
  ])('is signed at %s', async (at, seconds) => {
    const { headers } = await signTestRequest(event, { secret: SECRET, at })
    expect(headers['webhook-timestamp']).toBe(String(seconds))
  })

  it('is signed now, unless told when', async () => {
    const { headers } = await signTestRequest(event, { secret: SECRET })
    expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1_000)).toBeLessThan(60)
  })

  it('does not take a time that is none', async () => {
    await expect(signTestRequest(event, { secret: SECRET, at: 'soon' })).rejects.toThrow(TypeError)
  })

  it('takes another scheme, envelope, id, address and several secrets', async () => {
    const request = await signTestRequest(event, {
      secret: [SECRET, OTHER_SECRET],
      scheme: schemes.svix,
      envelope: envelopes.raw,
      messageId: 'msg_2',
      url: 'https://example.com/in',
    })
    expect(request.url).toBe('https://example.com/in')
    expect(request.headers['svix-id']).toBe('msg_2')
    expect(request.headers['svix-signature']?.split(' ')).toHaveLength(2)
    expect(new TextDecoder().decode(request.body)).toBe(JSON.stringify(event.data))
  })

  it('is changed after it was signed', async () => {
    const original = await signTestRequest(event, { secret: SECRET, at: 1_700_000_000 })
    const mutate = vi.fn(({ body }) => ({ body: body.slice(1) }))
    const changed = await signTestRequest(event, { secret: SECRET, at: 1_700_000_000, mutate })
    expect(changed).toEqual({ ...original, body: original.body.slice(1) })
    expect(mutate).toHaveBeenCalledWith(original)
  })
})

describe('deliver', () => {
  it('brings a request, or an event that it signs', async () => {
    const { receiver } = setUp()
    receiver.on('run.completed', () => {})
    const event = createTestEvent(events, 'run.completed')
    expect((await deliver(receiver, await signed())).outcome.kind).toBe('handled')
    const at = new Date(NOW)
    expect((await deliver(receiver, event, { secret: SECRET, at })).outcome.kind).toBe('duplicate')
    expect((await deliver(receiver, event, { secret: OTHER_SECRET, at })).status).toBe(401)
  })

  it('cannot sign without a secret', async () => {
    const { receiver } = setUp()
    // @ts-expect-error: no secret
    await expect(deliver(receiver, createTestEvent(events, 'run.failed'))).rejects.toThrow(
      TypeError,
    )
  })
})

describe('deliverConcurrently', () => {
  it('brings all copies at the same time', async () => {
    const { receiver } = setUp()
    const { promise, resolve } = deferred()
    const handler = vi.fn(() => promise)
    receiver.on('run.completed', handler)
    const delivering = deliverConcurrently(receiver, await signed(), 5)
    await new Promise((next) => setImmediate(next))
    resolve()
    const statuses = (await delivering).map(({ status }) => status).sort()
    expect(statuses).toEqual([200, 409, 409, 409, 409])
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it.each([0, -1, 1.5])('needs a number of copies, not %d', async (copies) => {
    const { receiver } = setUp()
    const request = await signed()
    expect(() => deliverConcurrently(receiver, request, copies)).toThrow(TypeError)
  })
})
