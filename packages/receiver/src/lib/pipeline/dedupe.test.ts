import { WebhookError } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import { retryLater } from '../handler'
import { memoryIdempotency } from '../stores/memory'
import { completed, deferred, setUp, signed, stub } from '../test-support'

describe('dedupe: one message, several copies', () => {
  it('answers 200 duplicate once it is done, and says so in a header', async () => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    const request = await signed()
    await receiver.receive(request)
    expect(await receiver.receive(request)).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json', 'webhook-duplicate': 'true' },
      body: '{"code":"duplicate"}',
      outcome: { kind: 'duplicate', messageId: completed.id, type: 'run.completed' },
    })
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it('recognises a retry, signed again at another time', async () => {
    const { receiver, clock } = setUp()
    receiver.on('run.completed', () => {})
    await receiver.receive(await signed())
    await clock.advance('10m')
    const retry = await signed(completed, { at: new Date(clock.now()) })
    expect((await receiver.receive(retry)).outcome.kind).toBe('duplicate')
  })

  it('handles another id with the same body', async () => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    await receiver.receive(await signed())
    const replay = await signed(completed, { messageId: `${completed.id}-r1` })
    expect((await receiver.receive(replay)).outcome.kind).toBe('handled')
    expect(handler.mock.calls[1]?.[1].messageId).toBe(`${completed.id}-r1`)
  })

  it('answers 409 with Retry-After while the first copy runs, never 2xx', async () => {
    const { receiver, clock } = setUp()
    const { promise, resolve } = deferred()
    const handler = vi.fn(() => promise)
    receiver.on('run.completed', handler)
    const request = await signed()
    const first = receiver.receive(request)
    await clock.advance(500)
    expect(await receiver.receive(request)).toEqual({
      status: 409,
      headers: { 'content-type': 'application/json', 'retry-after': '30' },
      body: '{"code":"duplicate_in_flight"}',
      outcome: {
        kind: 'refused',
        code: 'duplicate_in_flight',
        messageId: completed.id,
        type: 'run.completed',
        retryAfterMs: 29_500,
      },
    })
    resolve()
    expect((await first).status).toBe(200)
    expect(handler).toHaveBeenCalledTimes(1)
    expect((await receiver.receive(request)).status).toBe(200)
  })

  it.each([
    [1, '1'],
    [999, '1'],
    [1_000, '1'],
    [1_001, '2'],
  ])('rounds %i ms up to Retry-After: %s', async (retryInMs, seconds) => {
    const claim = async () => ({ state: 'in_flight', retryInMs }) as const
    const { receiver } = setUp({ store: { ...stub(), claim } })
    receiver.on('run.completed', () => {})
    const { status, headers } = await receiver.receive(await signed())
    expect([status, headers['retry-after']]).toEqual([409, seconds])
  })

  it('records a success again and again while the store is busy, so that the handler need not run twice', async () => {
    const busy = new WebhookError('store_busy', 'try again')
    const complete = vi.fn().mockRejectedValueOnce(busy).mockRejectedValueOnce(busy)
    const { receiver, clock } = setUp({
      store: { ...stub(), complete: complete.mockReturnValue(true) },
    })
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    const result = receiver.receive(await signed())
    await clock.advance('1s')
    expect((await result).status).toBe(200)
    expect(complete).toHaveBeenCalledTimes(3)
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it('answers 503 once the store has been busy for two seconds', async () => {
    const busy = new WebhookError('store_busy', 'try again')
    const complete = vi.fn().mockRejectedValue(busy)
    const { receiver, clock } = setUp({ store: { ...stub(), complete } })
    receiver.on('run.completed', () => {})
    const result = receiver.receive(await signed())
    await clock.advance('2s')
    expect((await result).body).toBe('{"code":"store_unavailable"}')
  })

  it('refuses another body under the same id with 422 id_reused', async () => {
    const { receiver } = setUp()
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    await receiver.receive(await signed())
    const other = await signed({ ...completed, data: { runId: 'other' } })
    expect(await receiver.receive(other)).toMatchObject({
      status: 422,
      body: '{"code":"id_reused"}',
      outcome: { messageId: completed.id, type: 'run.completed' },
    })
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it('forgets after the retention, 7 days unless told otherwise', async () => {
    for (const [retention, kept] of [
      [undefined, 7 * 86_400_000],
      ['1h', 3_600_000],
    ] as const) {
      const store = memoryIdempotency()
      const idempotency = { store, source: 'a', ...(retention ? { retention } : {}) }
      const { receiver, clock } = setUp({ idempotency, tolerance: '30d' })
      receiver.on('run.completed', () => {})
      const request = await signed()
      await receiver.receive(request)
      await clock.advance(kept - 1)
      expect((await receiver.receive(request)).outcome.kind).toBe('duplicate')
      await clock.advance(1)
      expect((await receiver.receive(request)).outcome.kind).toBe('handled')
    }
  })

  it('runs a handler for every copy when told that there is no idempotency', async () => {
    const { receiver } = setUp({ idempotency: 'none' })
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    const request = await signed()
    await receiver.receive(request)
    expect((await receiver.receive(request)).outcome.kind).toBe('handled')
    expect(handler).toHaveBeenCalledTimes(2)
    const { signal } = handler.mock.calls[0]?.[1] ?? {}
    expect(signal.aborted).toBe(false)
  })
})

describe('dedupe: failures give the claim back', () => {
  it('after a handler threw, the next copy runs', async () => {
    const { receiver } = setUp()
    const handler = vi.fn().mockRejectedValueOnce(new Error('down')).mockReturnValueOnce(undefined)
    receiver.on('run.completed', handler)
    const request = await signed()
    expect(await receiver.receive(request)).toMatchObject({
      status: 500,
      outcome: {
        code: 'handler_failed',
        messageId: completed.id,
        type: 'run.completed',
        cause: new Error('down'),
      },
    })
    expect((await receiver.receive(request)).status).toBe(200)
    expect(handler).toHaveBeenCalledTimes(2)
  })

  it('after a handler asked for later, with its Retry-After', async () => {
    const { receiver } = setUp()
    const later = retryLater('90s')
    const handler = vi.fn().mockRejectedValueOnce(later).mockReturnValueOnce(undefined)
    receiver.on('run.completed', handler)
    const request = await signed()
    expect(await receiver.receive(request)).toEqual({
      status: 500,
      headers: { 'content-type': 'application/json', 'retry-after': '90' },
      body: '{"code":"handler_retry"}',
      outcome: {
        kind: 'refused',
        code: 'handler_retry',
        messageId: completed.id,
        type: 'run.completed',
        cause: later,
        retryAfterMs: 90_000,
      },
    })
    expect((await receiver.receive(request)).status).toBe(200)
  })

  it('after onUnknown saw it', async () => {
    const { receiver, store } = setUp()
    receiver.onUnknown(() => {})
    await receiver.receive(await signed({ ...completed, type: 'else' }))
    const free = await store.claim({ source: 'billing', id: completed.id }, 'any', 1)
    expect(free.state).toBe('acquired')
  })

  it('and the failure stands when the claim cannot be given back', async () => {
    const store = memoryIdempotency()
    const release = async () => {
      throw new Error('gone')
    }
    const { receiver, lines } = setUp({ store: Object.assign(store, { release }) })
    receiver.on('run.completed', () => Promise.reject(new Error('down')))
    expect((await receiver.receive(await signed())).body).toBe('{"code":"handler_failed"}')
    expect(lines).toContainEqual({
      level: 'warn',
      message: 'Claim not released; it ends with its lease.',
      fields: { err: new Error('gone'), messageId: completed.id, type: 'run.completed' },
    })
  })
})
