import { describe, expect, it, vi } from 'vitest'
import { retryLater } from '../handler'
import { createReceiver, type Receiver } from '../receiver'
import { memoryInbox } from '../stores/memory-inbox'
import {
  completed,
  deferred,
  type Events,
  events,
  failed,
  NOW,
  recordingLogger,
  SECRET,
  signed,
} from '../test-support'
import { fakeClock } from '../testing/fake-clock'
import { wrapInbox } from '../testing/inbox/wrap'
import { createInbox } from './create-inbox'
import type { PlainInboxOptions } from './options'

function setUp(options: Partial<PlainInboxOptions> = {}) {
  const clock = fakeClock(NOW)
  const { lines, logger } = recordingLogger()
  const receiver: Receiver<Events> = createReceiver({
    events,
    secrets: SECRET,
    idempotency: 'none',
    clock,
    logger,
  })
  const store = options.store ?? memoryInbox()
  const inbox = createInbox(receiver, { store, source: 'billing', random: () => 0, ...options })
  return { clock, receiver, inbox, store, lines }
}

const statusOf = async (answer: Promise<{ status: number; body: string }>) => {
  const { status, body } = await answer
  return [status, body === '' ? '' : JSON.parse(body).code]
}

describe('an inbox', () => {
  it('answers 202 once an event is kept, and handles it afterwards', async () => {
    const { inbox } = setUp()
    const handled: unknown[] = []
    inbox.on('run.completed', (event, { messageId, attempt }) => {
      handled.push([event.data.runId, messageId, attempt])
    })
    expect(await statusOf(inbox.receive(await signed()))).toEqual([202, 'accepted'])
    expect(handled).toEqual([])
    expect(await inbox.drain()).toMatchObject({ done: 1, retried: 0 })
    expect(handled).toEqual([['r1', completed.id, 1]])
  })

  it('answers a duplicate, another body, a bad signature and a store that is down', async () => {
    const { inbox, store } = setUp()
    inbox.on('run.completed', () => {})
    await inbox.receive(await signed())
    const again = await inbox.receive(await signed())
    expect([again.status, again.headers['webhook-duplicate']]).toEqual([200, 'true'])
    const other = { ...completed, data: { runId: 'other', durationMs: 1 } }
    expect(await statusOf(inbox.receive(await signed(other)))).toEqual([422, 'id_reused'])
    const forged = { ...(await signed()), body: new TextEncoder().encode('{}') }
    expect(await statusOf(inbox.receive(forged))).toEqual([401, 'signature_mismatch'])
    await store.close?.()
    expect(await statusOf(inbox.receive(await signed()))).toEqual([503, 'store_unavailable'])
  })

  it('refuses what does not fit the catalogue, and keeps nothing of it', async () => {
    const { inbox } = setUp()
    inbox.on('run.completed', () => {})
    const bad = { ...completed, data: { runId: 7 } }
    expect(await statusOf(inbox.receive(await signed(bad)))).toEqual([422, 'invalid_data'])
    expect(await inbox.get(completed.id)).toBeUndefined()
  })

  it('leaves a type without a handler to the receiver: acknowledged, shown, not kept', async () => {
    const { inbox, receiver } = setUp()
    const seen: string[] = []
    receiver.onUnknown(({ type }) => void seen.push(type))
    expect(await statusOf(inbox.receive(await signed(failed)))).toEqual([204, ''])
    expect([seen, await inbox.get(failed.id)]).toEqual([['run.failed'], undefined])
  })

  it('keeps what no other handler takes when asked to', async () => {
    const { inbox } = setUp()
    const seen: unknown[] = []
    inbox.onUnknown((event) => void seen.push(event.data))
    const other = { ...completed, type: 'run.paused', data: 7 }
    expect(await statusOf(inbox.receive(await signed(other)))).toEqual([202, 'accepted'])
    expect(await inbox.drain()).toMatchObject({ done: 1 })
    expect(seen).toEqual([7])
  })

  it('gives an event as it was: upcast, with what was signed, the headers asked for, and the params', async () => {
    const { inbox } = setUp({ headers: ['X-Region'] })
    const seen: unknown[] = []
    inbox.on('run.failed', (event, { headers, params, signedAt, secretIndex }) => {
      const region = [headers.get('x-region'), headers.get('webhook-id')]
      seen.push({ data: event.data, version: event.version, region, params, signedAt, secretIndex })
    })
    const request = await signed({ ...failed, version: 1, data: { runId: 'r2' } })
    const headers = { ...request.headers, 'x-region': 'eu' }
    await inbox.receive({ ...request, headers, params: { tenant: 'acme' } })
    await inbox.drain()
    expect(seen).toEqual([
      {
        data: { runId: 'r2', attempts: 1 },
        version: 2,
        region: ['eu', undefined],
        params: { tenant: 'acme' },
        signedAt: NOW / 1_000,
        secretIndex: 0,
      },
    ])
  })
})

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

describe('the loop', () => {
  it('runs what comes, at most so many at once, and stops when all is done', async () => {
    const { clock, inbox } = setUp({ concurrency: 2 })
    let running = 0
    const most: number[] = []
    inbox.on('run.completed', async () => {
      running += 1
      most.push(running)
      await clock.sleep(100)
      running -= 1
    })
    inbox.start()
    for (let index = 0; index < 6; index += 1) {
      await inbox.receive(await signed({ ...completed, id: `msg_${index}` }))
    }
    await clock.advance('1s')
    await inbox.stop()
    expect([most.length, Math.max(...most)]).toEqual([6, 2])
    expect(await inbox.statistics()).toEqual({ pending: 0, running: 0, dead: 0, oldestDueMs: 0 })
  })

  it('looks again for what falls due, and takes another process’s events', async () => {
    const { clock, inbox, store } = setUp({ pollInterval: '5s' })
    const other = setUp({ store })
    const runs: number[] = []
    for (const each of [inbox, other.inbox]) {
      each.on('run.completed', () => void runs.push(clock.now() - NOW))
    }
    inbox.start()
    await clock.advance('1s')
    await other.inbox.receive(await signed())
    await clock.advance('10s')
    await inbox.stop()
    expect(runs).toEqual([5_000])
  })

  it('does not rest when an event came while it looked', async () => {
    const inner = memoryInbox()
    let looking = deferred()
    const claim: typeof inner.claim = async (request) => {
      const tasks = await inner.claim(request)
      await looking.promise
      return tasks
    }
    const store = wrapInbox(inner, { claim })
    const { clock, inbox } = setUp({ store, pollInterval: '1h' })
    const handler = vi.fn()
    inbox.on('run.completed', handler)
    inbox.start()
    await clock.advance(1)
    await inbox.receive(await signed())
    looking.resolve()
    looking = deferred()
    looking.resolve()
    await clock.advance(1)
    await inbox.stop()
    expect(handler).toHaveBeenCalledTimes(1)
  })

  it('gives back what a stop interrupted, without counting the attempt', async () => {
    const { clock, inbox } = setUp()
    inbox.on('run.completed', (_event, { signal }) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('stopped')))
      })
    })
    inbox.start()
    await inbox.receive(await signed())
    await clock.advance(1)
    const stopping = inbox.stop({ timeout: '3s' })
    await clock.advance('3s')
    await stopping
    await clock.advance(1)
    expect((await inbox.get(completed.id))?.tasks).toMatchObject([
      { state: 'pending', attempts: 0 },
    ])
  })

  it('outlives a store that is down for a while', async () => {
    const inner = memoryInbox()
    let down = true
    const claim: typeof inner.claim = (request) => {
      if (down) throw new Error('down')
      return inner.claim(request)
    }
    const { clock, inbox, lines } = setUp({ store: wrapInbox(inner, { claim }) })
    const handler = vi.fn()
    inbox.on('run.completed', handler)
    inbox.start()
    await inbox.receive(await signed())
    await clock.advance('3s')
    down = false
    await clock.advance('1s')
    await inbox.stop()
    expect(handler).toHaveBeenCalledTimes(1)
    expect(lines.some(({ message }) => message.includes('could not claim'))).toBe(true)
  })
})

describe('drain', () => {
  it('runs as many as it is told, or until its time is over', async () => {
    const { clock, inbox } = setUp({ concurrency: 1 })
    inbox.on('run.completed', () => clock.sleep(1_000))
    for (let index = 0; index < 4; index += 1) {
      await inbox.receive(await signed({ ...completed, id: `msg_${index}` }))
    }
    const one = inbox.drain({ limit: 1 })
    await clock.advance('1s')
    expect(await one).toMatchObject({ done: 1 })
    const two = inbox.drain({ timeout: '1500ms' })
    await clock.advance('5s')
    expect(await two).toMatchObject({ done: 2 })
  })
})

describe('upkeep', () => {
  it('drops old messages, but for those with something to do or dead', async () => {
    const { clock, inbox } = setUp({ retry: { maxAttempts: 1 } })
    inbox.on('run.completed', ({ id }) => {
      if (id === 'msg_bad') throw new Error('boom')
    })
    for (const id of ['msg_good', 'msg_bad', 'msg_later']) {
      await inbox.receive(await signed({ ...completed, id }))
      if (id === 'msg_bad') await inbox.drain()
    }
    await clock.advance('7d')
    expect(await inbox.prune()).toBe(1)
    expect(await inbox.prune({ dead: true })).toBe(1)
    expect(await inbox.get('msg_later')).toBeDefined()
  })
})

describe('createInbox', () => {
  const options = { store: memoryInbox(), source: 'billing' }
  const receiver = createReceiver({ secrets: SECRET, idempotency: 'none' })

  it.each<[object, string]>([
    [{ source: '' }, 'source'],
    [{ store: {} }, 'store'],
    [{ lease: '0ms' }, 'lease'],
    [{ concurrency: 0 }, 'concurrency'],
    [{ transactional: true }, 'transactional'],
    [{ retry: { maxAttempts: 0 } }, 'retry.maxAttempts'],
    [{ retry: { factor: 0.5 } }, 'retry.factor'],
    [{ retry: { jitter: 2 } }, 'retry.jitter'],
    [{ retry: { attempts: 2 } }, 'retry.attempts'],
    [{ leases: '1s' }, 'leases'],
  ])('refuses %j', (over, name) => {
    const make = () => createInbox(receiver, Object.assign({}, options, over))
    expect(make).toThrow(TypeError)
    expect(make).toThrow(name)
  })

  it('refuses a receiver that deduplicates by itself, and what is no receiver', () => {
    const idempotency = { store: { claim: 1, renew: 1, complete: 1, release: 1 }, source: 's' }
    const other = createReceiver(Object.assign({ secrets: SECRET, idempotency }))
    expect(() => createInbox(other, options)).toThrow(`idempotency: 'none'`)
    expect(() => createInbox({ ...receiver }, options)).toThrow('createReceiver')
  })

  it('names a message by its source, too, where that is chosen by request', async () => {
    const source = ({ params }: { params?: { tenant?: string } }) => params?.tenant ?? ''
    const inbox = createInbox(receiver, { store: memoryInbox(), source })
    await expect(inbox.get('msg_1')).rejects.toThrow(TypeError)
    expect(await inbox.get({ source: 'acme', id: 'msg_1' })).toBeUndefined()
  })
})
