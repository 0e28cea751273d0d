import { describe, expect, it } from 'vitest'
import { systemClock } from './clock'

describe('the system clock', () => {
  it('tells the time in whole milliseconds', () => {
    const before = Date.now()
    const now = systemClock.now()
    expect(Number.isInteger(now)).toBe(true)
    expect(now).toBeGreaterThanOrEqual(before)
    expect(now).toBeLessThanOrEqual(Date.now())
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
