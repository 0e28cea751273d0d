import { describe, expect, it } from 'vitest'
import { createSystemClock, systemClock } from './clock'

describe('the system clock', () => {
  it('tells the time in whole milliseconds', () => {
    const before = Date.now()
    const now = systemClock.now()
    expect(Number.isInteger(now)).toBe(true)
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(Date.now())
  })

  it('follows a wall clock that is put forward', () => {
    const { clock, set } = walls()
    expect(clock.now()).toBe(1000)
    set({ wall: 500_000, elapsed: 1 })
    expect(clock.now()).toBe(500_000)
  })

  it('never goes back, nor stands still, when the wall clock is put back', () => {
    const { clock, set } = walls()
    expect(clock.now()).toBe(1000)
    set({ wall: 400, elapsed: 0 })
    expect(clock.now()).toBe(1000)
    set({ wall: 800, elapsed: 400 })
    expect(clock.now()).toBe(1200)
    set({ wall: 1600, elapsed: 1200 })
    expect(clock.now()).toBe(1600)
    set({ wall: 1700, elapsed: 1300 })
    expect(clock.now()).toBe(1700)
  })

  it('sleeps until the time has passed', async () => {
    const started = performance.now()
    await systemClock.sleep(20)
    expect(performance.now() - started).toBeGreaterThanOrEqual(18)
  })

  it('wakes when aborted, without a rejection, and at once when it was aborted before', async () => {
    const abort = new AbortController()
    const asleep = systemClock.sleep(60_000, abort.signal)
    abort.abort()
    await expect(asleep).resolves.toBeUndefined()
    await expect(systemClock.sleep(60_000, abort.signal)).resolves.toBeUndefined()
  })

  it('sleeps longer than a timer can hold', async () => {
    const abort = new AbortController()
    let awake = false
    const asleep = systemClock.sleep(2 ** 40, abort.signal).then(() => {
      awake = true
    })
    await systemClock.sleep(10)
    expect(awake).toBe(false)
    abort.abort()
    await asleep
  })
})

function walls() {
  let now = { wall: 1000, elapsed: 0 }
  const clock = createSystemClock(
    () => now.wall,
    () => now.elapsed,
  )
  const set = (next: typeof now) => {
    now = next
  }
  return { clock, set }
}
