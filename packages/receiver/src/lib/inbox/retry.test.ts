import { describe, expect, it } from 'vitest'
import { afterFailure, resolveRetry, waitMs } from './retry'

const policy = resolveRetry()

describe('the wait after a failure', () => {
  it('doubles up to its longest, about 40 hours in all', () => {
    const waits = Array.from({ length: 23 }, (_, index) => waitMs(policy, index + 1, 0))
    expect(waits.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000])
    expect(waits.at(-1)).toBe(4 * 3_600_000)
    expect(waits.reduce((sum, wait) => sum + wait) / 3_600_000).toBeCloseTo(40.55, 2)
  })

  it('is longer by a random share, up to a fifth, and never less', () => {
    expect(waitMs(policy, 1, 1)).toBe(1_200)
    expect(waitMs(policy, 1, 0.5)).toBe(1_100)
    expect(waitMs(policy, 1_000, 1)).toBe(4 * 3_600_000 * 1.2)
  })

  it('is what the handler asked for, while attempts are left', () => {
    const asked = { code: 'handler_retry', retryAfterMs: 5 }
    expect(afterFailure(policy, 23, asked, 1)).toMatchObject({ to: 'retry', inMs: 5 })
    const dead = { to: 'dead', reason: 'exhausted', code: 'handler_retry' }
    expect(afterFailure(policy, 24, asked, 1)).toEqual(dead)
  })
})
