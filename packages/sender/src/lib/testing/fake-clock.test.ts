import { afterEach, describe, expect, it, vi } from 'vitest'
import { fakeClock } from './fake-clock'

describe('fakeClock', () => {
  afterEach(() => vi.useRealTimers())

  it('starts at the beginning of 2026, or where it is told', () => {
    expect(fakeClock().now()).toBe(Date.parse('2026-01-01T00:00:00Z'))
    expect(fakeClock(5).now()).toBe(5)
  })

  it('stands still until it is told to move, by a duration or milliseconds', async () => {
    const clock = fakeClock(0)
    await clock.advance('1.5s')
    expect(clock.now()).toBe(1500)
    await clock.advance(250)
    expect(clock.now()).toBe(1750)
    await clock.set(2000)
    expect(clock.now()).toBe(2000)
  })

  it('wakes sleepers at their own times, in order, ties in the order they fell asleep', async () => {
    const clock = fakeClock(0)
    const woken: string[] = []
    const sleep = async (name: string, ms: number) => {
      await clock.sleep(ms)
      woken.push(`${name} at ${clock.now()}`)
    }
    void sleep('late', 30)
    void sleep('first', 10)
    void sleep('second', 10)
    await clock.advance(20)
    expect(woken).toEqual(['first at 10', 'second at 10'])
    expect(clock.sleeping).toBe(1)
    await clock.advance(10)
    expect(woken).toEqual(['first at 10', 'second at 10', 'late at 30'])
    expect(clock.sleeping).toBe(0)
  })

  it('lets what a sleeper starts run to rest before it moves on', async () => {
    const clock = fakeClock(0)
    const times: number[] = []
    const loop = async () => {
      for (let round = 0; round < 5; round += 1) {
        for (let step = 0; step < 100; step += 1) await Promise.resolve()
        await clock.sleep(100)
        times.push(clock.now())
      }
    }
    void loop()
    await clock.advance('1s')
    expect(times).toEqual([100, 200, 300, 400, 500])
    expect(clock.now()).toBe(1000)
  })

  it('wakes a sleeper at once when it is aborted, and forgets it', async () => {
    const clock = fakeClock(0)
    const abort = new AbortController()
    const asleep = clock.sleep(1000, abort.signal)
    abort.abort(new Error('enough'))
    await expect(asleep).resolves.toBeUndefined()
    expect(clock.sleeping).toBe(0)
    await expect(clock.sleep(1000, abort.signal)).resolves.toBeUndefined()
  })

  it('does not sleep for no time', async () => {
    const clock = fakeClock(0)
    await clock.sleep(0)
    await clock.sleep(-5)
    expect(clock.now()).toBe(0)
  })

  it('refuses to go back, and times that are none', async () => {
    const clock = fakeClock(100)
    await expect(clock.set(99)).rejects.toThrow(RangeError)
    await expect(clock.advance(-1)).rejects.toThrow(RangeError)
    await expect(clock.advance(Number.NaN)).rejects.toThrow(RangeError)
    expect(() => fakeClock(Number.POSITIVE_INFINITY)).toThrow(RangeError)
    expect(clock.now()).toBe(100)
  })

  it('moves while the runner fakes its own timers', async () => {
    vi.useFakeTimers()
    const clock = fakeClock(0)
    await clock.advance('5d')
    expect(clock.now()).toBe(5 * 86_400_000)
  })
})
