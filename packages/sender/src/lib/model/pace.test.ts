import { describe, expect, it } from 'vitest'
import { dueAfter, opensAt, paceOf, startsAllowed } from './pace'

const limits = [
  { limit: 1, perMs: 1_000 },
  { limit: 3, perMs: 1_000 },
  { limit: 19, perMs: 60_000 },
  { limit: 20, perMs: 1_000 },
  { limit: 50, perMs: 1_000 },
  { limit: 100, perMs: 3_600_000 },
  { limit: 997, perMs: 1_013 },
  { limit: 3_000, perMs: 1_000 },
]

/** When each of the requests begins, if as many as may begin whenever somebody looks. */
function starts(limit: (typeof limits)[number], looks: readonly number[]): readonly number[] {
  const pace = paceOf(limit)
  let due = 0
  return looks.flatMap((now) => {
    const allowed = startsAllowed(pace, due, now)
    if (allowed > 0) due = dueAfter(pace, due, now, allowed)
    return Array.from({ length: allowed }, () => now)
  })
}

/** Looks at uneven times, and now and then after a pause. */
function looks(limit: (typeof limits)[number], count: number): readonly number[] {
  let now = 1_700_000_000_000
  return Array.from({ length: count }, (_, index) => {
    const pause = index % 97 === 0 ? limit.perMs / 2 : 0
    now += Math.round(((index * 7919) % 13) * (limit.perMs / limit.limit / 9) + pause)
    return now
  })
}

describe('the pace of a rate limit', () => {
  it.each(limits)('never lets more than $limit begin in any $perMs ms', (limit) => {
    const times = starts(limit, looks(limit, 5_000))
    for (const [index, time] of times.entries()) {
      const last = times[index + limit.limit]
      if (last !== undefined) expect(last - time).toBeGreaterThanOrEqual(limit.perMs)
    }
    expect(times.length).toBeGreaterThan(limit.limit)
  })

  it.each(limits)('lets at least 95 in 100 of $limit per $perMs ms begin', (limit) => {
    const step = Math.max(1, Math.floor(limit.perMs / limit.limit / 20))
    const begin = 1_700_000_000_000
    const often = Array.from(
      { length: Math.ceil((10 * limit.perMs) / step) },
      (_, i) => begin + i * step,
    )
    const most = Math.min(limit.limit, limit.perMs * (limit.limit * 0.05 + 1))
    expect(starts(limit, often).length).toBeGreaterThanOrEqual(10 * 0.95 * most - 1)
  })

  it('saves up a twentieth of the limit in a pause, and no more', () => {
    const pace = paceOf({ limit: 100, perMs: 1_000 })
    expect(startsAllowed(pace, 0, 5_000)).toBe(6)
    expect(startsAllowed(paceOf({ limit: 19, perMs: 1_000 }), 0, 5_000)).toBe(1)
  })

  it('says when the next may begin, and not before', () => {
    for (const limit of limits) {
      const pace = paceOf(limit)
      const due = dueAfter(pace, 0, 10_000, 1 + pace.spare)
      const opens = opensAt(pace, due)
      expect(Number.isInteger(opens)).toBe(true)
      expect(startsAllowed(pace, due, opens - 1)).toBe(0)
      expect(startsAllowed(pace, due, opens)).toBeGreaterThan(0)
    }
  })
})
