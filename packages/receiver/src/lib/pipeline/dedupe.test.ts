import { createHash } from 'node:crypto'
import { defineScheme, schemes } from '@posthorn/schema/signature'
import { describe, expect, it, vi } from 'vitest'
import { retryLater } from '../handler'
import type { IdempotencyStore } from '../ports/idempotency-store'
import { memoryIdempotency } from '../stores/memory'
import { completed, deferred, failed, setUp, signed, signedBytes } from '../test-support'

const hash = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')

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
    const warning = { level: 'warn', message: expect.stringContaining('not released') }
    expect(lines).toContainEqual(expect.objectContaining(warning))
  })
})

describe('dedupe: the store is down', () => {
  it.each(['rejects', 'throws'])('at the claim (%s): 503, and no handler runs', async (how) => {
    const down = new Error('connect ECONNREFUSED')
    const claim = () => {
      if (how === 'throws') throw down
      return Promise.reject(down)
    }
    const { receiver, lines } = setUp({ store: { ...stub(), claim } })
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    expect(await receiver.receive(await signed())).toEqual({
      status: 503,
      headers: { 'content-type': 'application/json' },
      body: '{"code":"store_unavailable"}',
      outcome: {
        kind: 'refused',
        code: 'store_unavailable',
        messageId: completed.id,
        type: 'run.completed',
        cause: down,
      },
    })
    expect(handler).not.toHaveBeenCalled()
    expect(lines[0]?.level).toBe('error')
  })

  it('at the end: 503, as success could not be remembered', async () => {
    const down = new Error('gone')
    const complete = () => Promise.reject(down)
    const { receiver } = setUp({ store: { ...stub(), complete } })
    receiver.on('run.completed', () => {})
    expect(await receiver.receive(await signed())).toMatchObject({
      status: 503,
      body: '{"code":"store_unavailable"}',
      outcome: { messageId: completed.id, type: 'run.completed', cause: down },
    })
  })
})

describe('dedupe: the key', () => {
  it('is the source and the signed id; the fingerprint is the hash of the body', async () => {
    const store = stub()
    const claim = vi.spyOn(store, 'claim')
    const { receiver } = setUp({ store })
    receiver.on('run.completed', () => {})
    const request = await signed(completed, { messageId: 'msg_9' })
    await receiver.receive(request)
    const key = { source: 'billing', id: 'msg_9' }
    expect(claim).toHaveBeenCalledWith(key, hash(request.body), 30_000)
  })

  it('may have a source by request, and a lease and a retention of its own', async () => {
    const store = stub()
    const claim = vi.spyOn(store, 'claim')
    const complete = vi.spyOn(store, 'complete')
    const source = vi.fn(({ params = {} }) => `tenant-${params.tenant}`)
    const { receiver } = setUp({
      idempotency: { store, source, lease: '5s', retention: '1d' },
    })
    receiver.on('run.completed', () => {})
    const { headers, body } = await signed()
    await receiver.receive({ headers, body, params: { tenant: 'acme' } })
    const key = { source: 'tenant-acme', id: completed.id }
    expect(claim).toHaveBeenCalledWith(key, expect.any(String), 5_000)
    expect(complete).toHaveBeenCalledWith({ ...key, token: 't' }, 86_400_000)
  })

  it('is what idempotency.key makes of the event', async () => {
    const store = stub()
    const claim = vi.spyOn(store, 'claim')
    const key = vi.fn(() => 'run r1 completed')
    const { receiver } = setUp({ idempotency: { store, source: 'a', key } })
    const handler = vi.fn()
    receiver.on('run.completed', handler)
    await receiver.receive(await signed())
    expect(key).toHaveBeenCalledWith(completed)
    expect(claim.mock.calls[0]?.[0]).toEqual({ source: 'a', id: 'run r1 completed' })
    expect(handler.mock.calls[0]?.[1].messageId).toBe('run r1 completed')
  })

  it.each([
    ['x'.repeat(255), 'x'.repeat(255)],
    ['~ !', '~ !'],
    ['x'.repeat(256), `sha256-${hash('x'.repeat(256))}`],
    ['ü', `sha256-${hash('ü')}`],
    ['a\n', `sha256-${hash('a\n')}`],
    ['\u007f', `sha256-${hash('\u007f')}`],
  ])('is hashed when no store should be given it: %j', async (made, id) => {
    const store = stub()
    const claim = vi.spyOn(store, 'claim')
    const { receiver } = setUp({ idempotency: { store, source: 'a', key: () => made } })
    receiver.on('run.completed', () => {})
    await receiver.receive(await signed())
    expect(claim.mock.calls[0]?.[0].id).toBe(id)
  })

  it.each([
    ['throws', () => Promise.reject(new Error('no'))],
    ['is empty', () => ''],
    ['is no string', () => 7],
  ])('that %s: 500 config', async (_name, key) => {
    // @ts-expect-error: what JavaScript may return all the same
    const { receiver } = setUp({ idempotency: { store: stub(), source: 'a', key } })
    receiver.on('run.completed', () => {})
    expect(await receiver.receive(await signed())).toMatchObject({
      status: 500,
      outcome: { code: 'config', messageId: completed.id, type: 'run.completed' },
    })
  })

  it.each([
    ['throws', () => Promise.reject(new Error('no'))],
    ['is empty', () => ''],
    ['is no string', () => undefined],
  ])('with a source that %s: 500 config', async (_name, source) => {
    // @ts-expect-error: what JavaScript may return all the same
    const { receiver } = setUp({ idempotency: { store: stub(), source } })
    receiver.on('run.completed', () => {})
    expect((await receiver.receive(await signed())).body).toBe('{"code":"config"}')
  })

  describe('of a scheme that signs no id', () => {
    const scheme = defineScheme({
      name: 'bare',
      headers: { signature: 'x-signature' },
      signed: '{body}',
      layout: { kind: 'single' },
      encoding: 'hex',
      key: 'utf8',
    })

    it('is a hash of the signed bytes, never an unsigned header', async () => {
      const store = stub()
      const claim = vi.spyOn(store, 'claim')
      const { receiver } = setUp({ store, scheme, secrets: 'a shared secret' })
      const handler = vi.fn()
      receiver.on('run.completed', handler)
      const { headers, body } = await signed(completed, { scheme, secret: 'a shared secret' })
      const result = await receiver.receive({
        headers: { ...headers, 'webhook-id': 'forged', 'webhook-timestamp': '1' },
        body,
      })
      expect(result.status).toBe(200)
      const id = `sha256-${hash(body)}`
      expect(claim).toHaveBeenCalledWith({ source: 'billing', id }, hash(body), 30_000)
      const context = handler.mock.calls[0]?.[1]
      expect(context.messageId).toBe(id)
      expect(context).not.toHaveProperty('signedAt')
    })

    it('is what idempotency.key makes of the signed body', async () => {
      const store = stub()
      const claim = vi.spyOn(store, 'claim')
      const idempotency = { store, source: 'b', key: ({ id }: { id: string }) => id }
      const { receiver } = setUp({ idempotency, scheme, secrets: 'a shared secret' })
      receiver.on('run.completed', () => {})
      await receiver.receive(await signed(completed, { scheme, secret: 'a shared secret' }))
      expect(claim.mock.calls[0]?.[0]).toEqual({ source: 'b', id: completed.id })
    })
  })

  it('is claimed only after the signature was verified', async () => {
    const store = stub()
    const claim = vi.spyOn(store, 'claim')
    const { receiver } = setUp({ store })
    receiver.on('run.completed', () => {})
    const { headers, body } = await signedBytes('{}')
    await receiver.receive({ headers: { ...headers, 'webhook-id': 'other' }, body })
    expect(claim).not.toHaveBeenCalled()
  })

  it('does not mix schemes up: ids of svix headers dedupe too', async () => {
    const { receiver } = setUp({ schemes: [schemes.standard, schemes.svix] })
    receiver.on('run.failed', () => {})
    const svix = await signed(failed, { scheme: schemes.svix })
    expect((await receiver.receive(svix)).outcome.kind).toBe('handled')
    expect((await receiver.receive(await signed(failed))).outcome.kind).toBe('duplicate')
  })
})

/** A store that gives every claim. */
function stub(): IdempotencyStore {
  return {
    claim: () => ({ state: 'acquired', token: 't' }),
    renew: () => true,
    complete: () => true,
    release: () => true,
  }
}
