import { WebhookError } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import { memoryIdempotency } from '../stores/memory'
import { completed, deferred, setUp, signed } from '../test-support'
import { KEY, start } from './test-lease'

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
