import { describe, expect, it, vi } from 'vitest'
import { retryLater } from '../handler'
import { memoryInbox } from '../stores/memory-inbox'
import { completed, deferred, NOW, signed } from '../test-support'
import { wrapInbox } from '../testing/inbox/wrap'
import { setUp } from './test-support'

describe('handlers of one event', () => {
  it('are tried each for itself: one that succeeded does not run again because another failed', async () => {
    const { clock, inbox, receiver } = setUp()
    const runs: string[] = []
    let fails = true
    receiver.on('run.completed', () => void runs.push('receiver'))
    inbox.on('run.completed', () => void runs.push('ledger'), { name: 'ledger' })
    inbox.onAny(() => {
      runs.push('audit')
      if (fails) throw new Error('boom')
    })
    await inbox.receive(await signed())
    expect(await inbox.drain()).toMatchObject({ done: 2, retried: 1 })
    fails = false
    await clock.advance('1s')
    expect(await inbox.drain()).toMatchObject({ done: 1 })
    expect(runs.sort()).toEqual(['audit', 'audit', 'ledger', 'receiver'])
    const tasks = (await inbox.get(completed.id))?.tasks
    expect(tasks?.map(({ handler, state, attempts }) => [handler, state, attempts])).toEqual([
      ['ledger@run.completed', 'done', 1],
      ['main@*', 'done', 2],
      ['receiver@run.completed', 'done', 1],
    ])
  })

  it('need a name each', () => {
    const { inbox } = setUp()
    inbox.on('run.completed', () => {})
    expect(() => inbox.on('run.completed', () => {})).toThrow(`'main@run.completed' already`)
    expect(() => inbox.on('run.completed', () => {}, { name: 'receiver' })).toThrow(TypeError)
    expect(() => inbox.on('run.completed', () => {}, { name: 'a@b' })).toThrow(TypeError)
    // @ts-expect-error: the catalogue has no such type
    expect(() => inbox.on('run.paused', () => {})).toThrow('no event type')
  })
})

describe('a handler that fails', () => {
  it('is tried again after waits that double, and is dead in the end; then it can be replayed', async () => {
    const dead: unknown[] = []
    const { clock, inbox, lines } = setUp({
      retry: { first: '10s', maxAttempts: 3, jitter: 0 },
      onDead: ({ handler, reason, code, attempts }) =>
        void dead.push([handler, reason, code, attempts]),
    })
    let fails = true
    const at: number[] = []
    inbox.on('run.completed', () => {
      at.push(clock.now() - NOW)
      if (fails) throw new Error('boom')
    })
    await inbox.receive(await signed())
    for (let second = 0; second < 60; second += 1) {
      await inbox.drain()
      await clock.advance('1s')
    }
    expect(at).toEqual([0, 10_000, 30_000])
    expect(dead).toEqual([['main@run.completed', 'exhausted', 'handler_failed', 3]])
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    const { items } = await inbox.deadLetters.list({ type: 'run.completed' })
    expect(items).toMatchObject([{ key: { source: 'billing', id: completed.id }, attempts: 3 }])
    fails = false
    expect(await inbox.deadLetters.replay(completed.id)).toBe(1)
    expect(await inbox.drain()).toMatchObject({ done: 1 })
    expect(await inbox.deadLetters.list()).toEqual({ items: [] })
  })

  it('is tried again when it asked to be', async () => {
    const { clock, inbox } = setUp()
    let runs = 0
    inbox.on('run.completed', () => {
      runs += 1
      if (runs === 1) throw retryLater('5m')
    })
    await inbox.receive(await signed())
    expect(await inbox.drain()).toMatchObject({ retried: 1 })
    await clock.advance(299_999)
    expect(await inbox.drain()).toMatchObject({ done: 0 })
    await clock.advance(1)
    expect(await inbox.drain()).toMatchObject({ done: 1 })
  })

  it('whose process dies again and again is dead, without another try', async () => {
    const { clock, inbox, store } = setUp({ retry: { maxAttempts: 2 } })
    const handler = vi.fn()
    inbox.on('run.completed', handler)
    await inbox.receive(await signed())
    for (let death = 0; death < 2; death += 1) {
      await store.claim({ handlers: ['main@run.completed'], limit: 1, leaseMs: 1_000 })
      await clock.advance('1s')
    }
    expect(await inbox.drain()).toMatchObject({ dead: 1 })
    expect(handler).not.toHaveBeenCalled()
    const { items } = await inbox.deadLetters.list()
    expect(items).toMatchObject([{ reason: 'lost', code: 'lease_lost' }])
  })
})

describe('a lease', () => {
  it('is kept up while a handler runs', async () => {
    const { clock, inbox } = setUp({ lease: '30s' })
    const { promise, resolve } = deferred()
    inbox.on('run.completed', () => promise)
    await inbox.receive(await signed())
    const draining = inbox.drain()
    await clock.advance('10m')
    expect((await inbox.get(completed.id))?.tasks).toMatchObject([{ state: 'running' }])
    resolve()
    expect(await draining).toMatchObject({ done: 1, lost: 0 })
  })

  it('that was lost aborts the signal, and the task is the other one’s to settle', async () => {
    const inner = memoryInbox()
    let holds = true
    const store = wrapInbox(inner, { renew: () => holds })
    const { clock, inbox } = setUp({ store })
    const reasons: unknown[] = []
    inbox.on('run.completed', (_event, { signal }) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason.code)
          reject(new Error('stopped'))
        })
      })
    })
    await inbox.receive(await signed())
    const draining = inbox.drain()
    holds = false
    await clock.advance('10s')
    expect(await draining).toMatchObject({ lost: 1, retried: 0 })
    expect(reasons).toEqual(['lease_lost'])
  })
})
