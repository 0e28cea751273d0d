import { describe, expect, it } from 'vitest'
import type { Progress } from './delivery'
import { judgeClaim } from './judge-claim'
import { failed } from './testing/after'

describe('judgeClaim', () => {
  const progress: Progress = { attempt: 9, lost: 8, soloLost: 4, deferred: 0 }
  const poisoned = { ...progress, soloLost: 5 }

  it('lets a delivery be attempted', () => {
    expect(judgeClaim(progress, 'enabled', true)).toBe('attempt')
    expect(judgeClaim(progress, 'paused', true)).toBe('attempt')
  })

  it('skips those of a disabled endpoint, whatever else', () => {
    const skipped = { status: 'skipped', reason: 'disabled' }
    expect(judgeClaim(progress, 'disabled', true)).toStrictEqual(skipped)
    expect(judgeClaim(poisoned, 'disabled', false)).toStrictEqual(skipped)
  })

  it('gives up one whose worker was lost alone with it five times', () => {
    expect(judgeClaim(poisoned, 'enabled', true)).toStrictEqual(failed('poison'))
    expect(judgeClaim({ ...progress, soloLost: 6 }, 'enabled', false)).toStrictEqual(
      failed('poison'),
    )
  })

  it('does not blame it for losses that it shared', () => {
    expect(judgeClaim({ attempt: 99, lost: 98, soloLost: 0, deferred: 0 }, 'enabled', true)).toBe(
      'attempt',
    )
  })

  it('gives up one without payload', () => {
    expect(judgeClaim(progress, 'enabled', false)).toStrictEqual(failed('config'))
  })
})
