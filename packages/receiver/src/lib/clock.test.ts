import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from './clock'

describe('the system clock', () => {
  it('tells the time', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000)
  })
})

describe('its sleep', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('ends after its time, and not before', async () => {
    const awake = vi.fn()
    void systemClock.sleep(1_000).then(awake)
    await vi.advanceTimersByTimeAsync(999)
    expect(awake).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(awake).toHaveBeenCalledTimes(1)
  })

  it('ends when aborted, and leaves neither timer nor listener', async () => {
    const { signal, abort } = stoppable()
    const remove = vi.spyOn(signal, 'removeEventListener')
    const sleeping = systemClock.sleep(1_000, signal)
    abort()
    await sleeping
    expect(vi.getTimerCount()).toBe(0)
    expect(remove).toHaveBeenCalledTimes(1)
  })

  it('does not begin when aborted already, or for no time', async () => {
    const { signal, abort } = stoppable()
    abort()
    await systemClock.sleep(1_000, signal)
    await systemClock.sleep(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('lasts longer than a timer can', async () => {
    const awake = vi.fn()
    const month = 30 * 86_400_000
    void systemClock.sleep(month).then(awake)
    await vi.advanceTimersByTimeAsync(month - 1)
    expect(awake).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(awake).toHaveBeenCalledTimes(1)
  })
})

it('does not keep the process alive', () => {
  const unref = vi.fn()
  const spy = vi
    .spyOn(globalThis, 'setTimeout')
    .mockReturnValueOnce(Object.assign({}, { unref }) as never)
  void systemClock.sleep(60_000)
  expect(unref).toHaveBeenCalledTimes(1)
  spy.mockReturnValueOnce(7 as never)
  expect(() => systemClock.sleep(60_000)).not.toThrow()
  spy.mockRestore()
})

function stoppable() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}
