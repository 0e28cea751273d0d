import { describe, expect, it, vi } from 'vitest'
import { completed, deferred, NOW, setUp, signed, stub } from '../test-support'
import { start } from './test-lease'

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
