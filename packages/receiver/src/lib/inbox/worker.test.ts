import { describe, expect, it, vi } from 'vitest'
import { memoryInbox } from '../stores/memory-inbox'
import { completed, deferred, failed, NOW, signed } from '../test-support'
import { wrapInbox } from '../testing/inbox/wrap'
import type { PlainInboxOptions } from './options'
import { setUp } from './test-support'

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

describe('a slow handler', () => {
  /** An inbox with a slow handler, for which much waits, and a quick one; answers what ran when. */
  async function behind(options: Partial<PlainInboxOptions>) {
    const { clock, inbox, store } = setUp({ concurrency: 4, pollInterval: '1h', ...options })
    const ran: string[] = []
    const began = clock.now()
    let slow = 0
    let most = 0
    inbox.on(
      'run.completed',
      async ({ id }) => {
        most = Math.max(most, ++slow)
        await clock.sleep(10_000)
        slow -= 1
        ran.push(`${id} after ${clock.now() - began}`)
      },
      { name: 'slow' },
    )
    inbox.on('run.failed', ({ id }) => void ran.push(`${id} after ${clock.now() - began}`))
    for (let index = 0; index < 8; index += 1) {
      await inbox.receive(await signed({ ...completed, id: `slow_${index}` }))
    }
    await inbox.receive(await signed({ ...failed, id: 'quick' }))
    return { clock, inbox, store, ran, most: () => most }
  }

  it('leaves half of the places to the others, and uses its own as they come free', async () => {
    const { clock, inbox, ran, most } = await behind({})
    inbox.start()
    await clock.advance(1)
    expect(ran).toEqual(['quick after 0'])
    await clock.advance('41s')
    await inbox.stop()
    expect(most()).toBe(2)
    expect(ran.slice(1).map((line) => line.split(' ').at(-1))).toEqual(
      [10, 20, 30, 40].flatMap((seconds) => [`${seconds}000`, `${seconds}000`]),
    )
  })

  it('does so when drained, too', async () => {
    const { clock, inbox, ran, most } = await behind({})
    const draining = inbox.drain()
    await clock.advance('41s')
    expect(await draining).toMatchObject({ done: 9 })
    expect([ran[0], most()]).toEqual(['quick after 0', 2])
  })

  it('has as many as perHandler says', async () => {
    for (const [perHandler, expected] of [
      [1, 1],
      [3, 3],
      [9, 4],
    ] as const) {
      const { clock, inbox, most } = await behind({ perHandler })
      inbox.start()
      await clock.advance('90s')
      await inbox.stop()
      expect(most()).toBe(expected)
    }
  })

  it('has all of them where it is alone', async () => {
    const { clock, inbox } = setUp({ concurrency: 4 })
    let most = 0
    let running = 0
    inbox.onAny(async () => {
      most = Math.max(most, ++running)
      await clock.sleep(10)
      running -= 1
    })
    for (let index = 0; index < 6; index += 1) {
      await inbox.receive(await signed({ ...completed, id: `m${index}` }))
    }
    const draining = inbox.drain()
    await clock.advance(30)
    expect([(await draining).done, most]).toEqual([6, 4])
  })
})

it('claims nothing for handlers that are not here', async () => {
  const { inbox, store } = setUp()
  const asked: (readonly string[])[] = []
  const claim: typeof store.claim = (request) => {
    asked.push(request.handlers)
    return store.claim(request)
  }
  const other = setUp({ store: wrapInbox(store, { claim }) })
  inbox.onAny(() => {})
  await other.inbox.drain()
  other.receiver.onAny(() => {})
  await other.inbox.drain()
  expect(asked).toEqual([['receiver@*']])
})
