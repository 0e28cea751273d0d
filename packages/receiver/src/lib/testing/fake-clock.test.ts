import { describe, expect, it } from 'vitest'
import { fakeClock } from './fake-clock'

describe('fakeClock', () => {
  it('stands still until it is moved', async () => {
    const clock = fakeClock(1_000)
    expect(clock.now()).toBe(1_000)
    await clock.advance('2s')
    expect(clock.now()).toBe(3_000)
    await clock.advance(1)
    expect(clock.now()).toBe(3_001)
    await clock.set(5_000)
    expect(clock.now()).toBe(5_000)
    expect(fakeClock().now()).toBe(Date.UTC(2026, 0, 1))
  })

  it('wakes each sleeper at its own time, in order', async () => {
    const clock = fakeClock(0)
    const woken: (readonly [string, number])[] = []
    const sleep = async (name: string, ms: number) => {
      await clock.sleep(ms)
      woken.push([name, clock.now()])
    }
    void sleep('c', 30)
    void sleep('a', 10).then(() => sleep('b', 10))
    expect(clock.sleeping).toBe(2)
    await clock.advance(30)
    expect(woken).toEqual([
      ['a', 10],
      ['b', 20],
      ['c', 30],
    ])
    expect(clock.sleeping).toBe(0)
  })

  it('wakes those who are aborted, or do not sleep at all', async () => {
    const clock = fakeClock()
    const controller = new AbortController()
    const sleeping = clock.sleep(1_000, controller.signal)
    controller.abort()
    await sleeping
    await clock.sleep(1_000, controller.signal)
    await clock.sleep(0)
    expect(clock.sleeping).toBe(0)
  })

  it('refuses to go back, and times that are none', async () => {
    const clock = fakeClock(10)
    await expect(clock.set(9)).rejects.toThrow(RangeError)
    await expect(clock.set(Number.NaN)).rejects.toThrow(RangeError)
    await expect(clock.advance('-1s' as never)).rejects.toThrow(TypeError)
    expect(() => fakeClock(Infinity)).toThrow(RangeError)
  })
})
