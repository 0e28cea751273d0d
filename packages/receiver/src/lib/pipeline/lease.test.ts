import { WebhookError } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import type { HandlerContext } from '../handler'
import type { IdempotencyStore } from '../ports/idempotency-store'
import { memoryIdempotency } from '../stores/memory'
import { completed, deferred, NOW, setUp, signed, stub } from '../test-support'

/** A handler that waits to be told, and what it was given. */
function waiting() {
  const { promise, resolve, reject } = deferred()
  const contexts: HandlerContext[] = []
  const handler = vi.fn((_event: unknown, context: HandlerContext) => {
    contexts.push(context)
    return promise
  })
  const signal = () => contexts[0]?.signal ?? expect.fail('the handler did not run')
  return { handler, resolve, reject, signal }
}

async function start(change: (store: IdempotencyStore) => Partial<IdempotencyStore> = () => ({})) {
  const store = memoryIdempotency()
  const renew = vi.fn((claim, leaseMs) => store.renew(claim, leaseMs))
  const parts: IdempotencyStore = {
    claim: (key, fingerprint, leaseMs) => store.claim(key, fingerprint, leaseMs),
    renew,
    complete: (claim, retainMs) => store.complete(claim, retainMs),
    release: (claim) => store.release(claim),
    useClock: (clock) => store.useClock?.(clock),
    ...change(store),
  }
  const bed = setUp({ store: parts })
  const work = waiting()
  bed.receiver.on('run.completed', work.handler)
  const request = await signed()
  const result = bed.receiver.receive(request)
  await bed.clock.advance(0)
  return { ...bed, ...work, renew, request, result, memory: store }
}

const KEY = { source: 'billing', id: completed.id }

describe('the lease, while its handler runs', () => {
  it('is renewed at a third of its length, for its whole length', async () => {
    const { clock, renew, resolve, result, signal } = await start()
    await clock.advance(9_999)
    expect(renew).toHaveBeenCalledTimes(0)
    await clock.advance(1)
    expect(renew).toHaveBeenCalledTimes(1)
    expect(renew).toHaveBeenLastCalledWith({ ...KEY, token: expect.any(String) }, 30_000)
    expect(clock.sleeping).toBe(1)
    await clock.advance('5m')
    expect(renew).toHaveBeenCalledTimes(31)
    expect(signal().aborted).toBe(false)
    resolve()
    expect((await result).outcome.kind).toBe('handled')
  })

  it('keeps others away however long the handler takes', async () => {
    const { clock, handler, receiver, request, resolve, result } = await start()
    for (let minute = 0; minute < 5; minute += 1) {
      await clock.advance('1m')
      const at = new Date(clock.now())
      expect((await receiver.receive(await signed(completed, { at }))).status).toBe(409)
    }
    resolve()
    await result
    expect(handler).toHaveBeenCalledTimes(1)
    expect((await receiver.receive(request)).status).toBe(200)
  })

  it('is no longer renewed once the handler is done, and leaves no sleeper behind', async () => {
    const { clock, renew, resolve, result } = await start()
    expect(clock.sleeping).toBe(1)
    resolve()
    await result
    expect(clock.sleeping).toBe(0)
    await clock.advance('1h')
    expect(renew).not.toHaveBeenCalled()
  })

  it('is no longer renewed once the handler failed', async () => {
    const { clock, reject, result } = await start()
    reject(new Error('no'))
    expect((await result).body).toBe('{"code":"handler_failed"}')
    expect(clock.sleeping).toBe(0)
  })

  it('starts no timer for a handler that is done at once', async () => {
    const { receiver, clock } = setUp()
    const sleep = vi.spyOn(clock, 'sleep')
    receiver.on('run.completed', () => 'done')
    await receiver.receive(await signed())
    expect(sleep).not.toHaveBeenCalled()
  })

  it('starts one timer for several handlers', async () => {
    const { receiver, clock } = setUp()
    const sleep = vi.spyOn(clock, 'sleep')
    receiver.on('run.completed', async () => {}).onAny(async () => {})
    await receiver.receive(await signed())
    expect(sleep).toHaveBeenCalledTimes(1)
  })
})

describe('a lease that is lost', () => {
  it('aborts the handler with lease_lost; 500, and the record is the other one', async () => {
    const { clock, handler, memory, resolve, result, signal } = await start(() => ({
      renew: () => false,
    }))
    await clock.advance(10_000)
    expect(signal().aborted).toBe(true)
    expect(WebhookError.is(signal().reason, 'lease_lost')).toBe(true)
    expect(signal().reason.message).toContain('ended before its handler did')
    await clock.advance(20_000)
    expect((await memory.claim(KEY, 'other', 60_000)).state).toBe('acquired')
    resolve()
    expect(await result).toMatchObject({
      status: 500,
      headers: { 'content-type': 'application/json' },
      body: '{"code":"lease_lost"}',
      outcome: { messageId: completed.id, type: 'run.completed' },
    })
    expect((await memory.claim(KEY, 'other', 1)).state).toBe('in_flight')
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it('is told to a handler that spread its context', async () => {
    const { clock, handler, resolve, result } = await start(() => ({ renew: () => false }))
    const spread = { ...handler.mock.calls[0]?.[1] }
    await clock.advance('1m')
    expect(spread.signal?.aborted).toBe(true)
    resolve()
    await result
  })

  it('is told to a handler that asks for the signal only afterwards', async () => {
    const store = memoryIdempotency()
    const { promise, resolve } = deferred()
    const { receiver, clock } = setUp({ store: Object.assign(store, { renew: () => false }) })
    const late = vi.fn()
    receiver.on('run.completed', async (_event, context) => {
      await promise
      late(context.signal.aborted)
    })
    const result = receiver.receive(await signed())
    await clock.advance(10_000)
    resolve()
    await result
    expect(late).toHaveBeenCalledWith(true)
  })

  it('leaves the outcome of an unknown event as it is', async () => {
    const store = memoryIdempotency()
    const { promise, resolve } = deferred()
    const { receiver, clock } = setUp({ store: Object.assign(store, { renew: () => false }) })
    receiver.onUnknown(() => promise)
    const result = receiver.receive(await signed())
    await clock.advance(10_000)
    resolve()
    expect((await result).outcome).toStrictEqual({
      kind: 'unknown_type',
      messageId: completed.id,
      event: completed,
    })
  })

  it('is one signal, however often it is asked for', async () => {
    const { clock, signal } = await start(() => ({ renew: () => false }))
    const first = signal()
    expect(signal()).toBe(first)
    await clock.advance(10_000)
    expect(first.aborted).toBe(true)
  })

  it('makes lease_lost of the failure of a handler that stopped for it', async () => {
    const { clock, result } = await start(() => ({ renew: () => false })).then((bed) => {
      bed.signal().addEventListener('abort', () => bed.reject(bed.signal().reason))
      return bed
    })
    await clock.advance(10_000)
    expect(await result).toMatchObject({ status: 500, body: '{"code":"lease_lost"}' })
  })

  it('still counts as handled when the store says that nobody else took it', async () => {
    const { clock, resolve, result } = await start(() => ({ renew: () => false }))
    await clock.advance(10_000)
    resolve()
    expect((await result).outcome.kind).toBe('handled')
  })
})

describe('renewals that fail', () => {
  it('are tried again, and a warning is logged each time', async () => {
    let down = true
    const { clock, lines, resolve, result, signal } = await start((store) => ({
      renew: (claim, leaseMs) => {
        if (down) throw new Error('connection reset')
        return store.renew(claim, leaseMs)
      },
    }))
    await clock.advance(20_000)
    const warning = {
      level: 'warn',
      message: 'Claim not renewed; trying again.',
      fields: { err: new Error('connection reset'), messageId: completed.id },
    }
    expect(lines).toEqual([warning, warning])
    expect(signal().aborted).toBe(false)
    down = false
    await clock.advance(9_999)
    expect(signal().aborted).toBe(false)
    resolve()
    expect((await result).status).toBe(200)
  })

  it('abort the handler once the lease must have ended', async () => {
    const { clock, signal } = await start(() => ({
      renew: () => Promise.reject(new Error('connection reset')),
    }))
    await clock.advance(29_999)
    expect(signal().aborted).toBe(false)
    await clock.advance(1)
    expect(signal().aborted).toBe(true)
  })

  it('count from the last one that succeeded', async () => {
    let down = false
    const { clock, signal } = await start((store) => ({
      renew: (claim, leaseMs) =>
        down ? Promise.reject(new Error('reset')) : store.renew(claim, leaseMs),
    }))
    await clock.advance(20_000)
    down = true
    await clock.advance(29_999)
    expect(signal().aborted).toBe(false)
    await clock.advance(1)
    expect(signal().aborted).toBe(true)
  })

  it('and hang are given up when the lease ends', async () => {
    const { clock, reject, result, signal } = await start(() => ({
      renew: () => new Promise<boolean>(() => {}),
    }))
    await clock.advance(29_999)
    expect(signal().aborted).toBe(false)
    await clock.advance(1)
    expect(signal().aborted).toBe(true)
    expect(clock.sleeping).toBe(0)
    reject(new Error('stopped'))
    expect((await result).body).toBe('{"code":"lease_lost"}')
  })

  it('and hang do not outlive the handler', async () => {
    const { clock, lines, resolve, result, signal } = await start(() => ({
      renew: () => new Promise<boolean>(() => {}),
    }))
    await clock.advance(10_000)
    resolve()
    expect((await result).status).toBe(200)
    expect(clock.sleeping).toBe(0)
    await clock.advance('1h')
    expect(signal().aborted).toBe(false)
    expect(lines).toEqual([])
  })

  it('that answer after the handler is done change nothing', async () => {
    const { promise, resolve: answer } = deferred<boolean>()
    const { clock, resolve, result, signal } = await start(() => ({ renew: () => promise }))
    await clock.advance(10_000)
    resolve()
    await result
    answer(false)
    await clock.advance(0)
    expect(signal().aborted).toBe(false)
  })

  it('are lost as soon as a slow store says so', async () => {
    const { promise, resolve: answer } = deferred<boolean>()
    const { clock, signal } = await start(() => ({ renew: () => promise }))
    await clock.advance(11_000)
    expect(signal().aborted).toBe(false)
    answer(false)
    await clock.advance(0)
    expect(signal().aborted).toBe(true)
  })

  it('do not abort a handler that is done, however late it is', async () => {
    const { promise, resolve } = deferred()
    const { promise: asked, resolve: ask } = deferred()
    let now = NOW
    const sleepers: (() => void)[] = []
    const clock = {
      now: () => now,
      sleep: (_ms: number, signal?: AbortSignal) =>
        new Promise<void>((wake) => {
          sleepers.push(wake)
          signal?.addEventListener('abort', () => wake())
        }),
    }
    const renew = () => {
      ask()
      return new Promise<boolean>(() => {})
    }
    const store = { ...stub(), renew }
    const { receiver } = setUp({ store, clock })
    const signals: AbortSignal[] = []
    receiver.on('run.completed', (_event, context) => {
      signals.push(context.signal)
      return promise
    })
    const result = receiver.receive(await signed())
    await vi.waitFor(() => expect(sleepers).toHaveLength(1))
    sleepers[0]?.()
    await asked
    now += 60_000
    resolve()
    expect((await result).status).toBe(200)
    await new Promise((next) => setImmediate(next))
    expect(signals[0]?.aborted).toBe(false)
  })
})
