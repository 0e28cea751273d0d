import { describe, expect, it } from 'vitest'
import type { AttemptOutcome } from '../ports/transport'
import {
  after,
  answer,
  asking,
  type Case,
  day,
  deferredFor,
  failed,
  now,
  pendingIn,
  turnsFailing,
} from './testing/after'
import { failure } from './testing/outcomes'

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    [' 120 ', 120_000],
    ['11', 11_000],
    ['9', 10_000],
    ['0', 10_000],
    ['120, 240', 120_000],
    ['99999999999999999999', day],
    ['Wed, 21 Oct 2026 07:30:00 GMT', 120_000],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 10_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', day],
  ])('%j makes the wait %d ms', (value, expected) => {
    const result = after(asking(500, value))
    expect(result.next).toStrictEqual(pendingIn(expected))
    expect(result).toHaveProperty('retryAfterMs')
  })

  it.each([
    '120.1',
    '-1',
    '1e3',
    '',
    'invalid',
    '2026-10-21T07:30:00Z',
    'Wed, 32 Oct 2026 07:28:00 GMT',
  ])('%j is ignored', (value) => {
    const result = after(asking(503, value))
    expect(result.next).toStrictEqual(pendingIn(10_000))
    expect(result).not.toHaveProperty('retryAfterMs')
  })

  it('and jitter: the longer one counts', () => {
    expect(after(asking(500, '11'), { random: () => 0.9 }).next).toStrictEqual(pendingIn(11_800))
    expect(after(asking(500, '12'), { random: () => 0.9 }).next).toStrictEqual(pendingIn(12_000))
  })

  it("is measured from the response's own Date", () => {
    const headers = {
      'retry-after': 'Wed, 21 Oct 2026 08:28:00 GMT',
      date: 'Wed, 21 Oct 2026 08:27:00 GMT',
    }
    expect(after(answer(500, headers))).toMatchObject({
      next: pendingIn(60_000),
      retryAfterMs: 60_000,
    })
  })

  it('is honoured on every status from 400, and ignored on a redirect', () => {
    for (const status of [400, 404, 422, 500, 599]) {
      expect(after(asking(status, '120'))).toStrictEqual({
        next: pendingIn(120_000),
        outcome: 'http',
        retryAfterMs: 120_000,
        endpoint: { health: turnsFailing },
      })
    }
    for (const status of [300, 301, 399]) {
      expect(after(asking(status, '120'))).toStrictEqual({
        next: pendingIn(10_000),
        outcome: 'http',
        endpoint: { health: turnsFailing },
      })
    }
  })

  it('is told even when no attempt is left', () => {
    expect(after(asking(500, '120'), { progress: { attempt: 3 } })).toStrictEqual({
      next: failed('exhausted'),
      outcome: 'http',
      retryAfterMs: 120_000,
      endpoint: { health: turnsFailing },
    })
  })
})

describe('a throttle', () => {
  const throttleOf = (outcome: AttemptOutcome, given?: Case) =>
    after(outcome, given).endpoint?.throttleForMs

  it.each([429, 502, 503, 504])('comes with %d', (status) => {
    expect(after(answer(status))).toStrictEqual({
      next: pendingIn(10_000),
      outcome: 'http',
      endpoint: { health: turnsFailing, throttleForMs: 10_000 },
    })
    expect(after(asking(status, '120'))).toStrictEqual({
      next: pendingIn(120_000),
      outcome: 'http',
      retryAfterMs: 120_000,
      endpoint: { health: turnsFailing, throttleForMs: 120_000 },
    })
  })

  it.each([301, 400, 408, 409, 428, 430, 500, 501, 505])('does not come with %d', (status) => {
    expect(throttleOf(asking(status, '120'))).toBeUndefined()
  })

  it('does not come with a request that got no answer', () => {
    expect(throttleOf(failure({ errorClass: 'timeout' }))).toBeUndefined()
  })

  it('is for Retry-After, even where the retry waits longer', () => {
    expect(throttleOf(asking(503, '3'))).toBe(3_000)
    expect(throttleOf(asking(503, '0'))).toBeUndefined()
    expect(throttleOf(asking(503, '1'))).toBe(1_000)
  })

  it('is until the retry otherwise, and for a minute at most', () => {
    expect(throttleOf(answer(503), { random: () => 0.5 })).toBe(11_000)
    expect(throttleOf(answer(503), { progress: { attempt: 2 } })).toBe(60_000)
    expect(throttleOf(answer(503), { retry: { schedule: [0, 0] } })).toBeUndefined()
    expect(throttleOf(answer(503), { retry: { schedule: [0, 1] } })).toBe(1)
  })

  it('comes also with the last attempt', () => {
    expect(throttleOf(answer(503), { progress: { attempt: 3 } })).toBe(60_000)
    expect(throttleOf(asking(503, '120'), { progress: { attempt: 3 } })).toBe(120_000)
  })

  it('is never longer than maxAge', () => {
    expect(throttleOf(asking(503, '99999999999999999999'))).toBe(day)
    expect(throttleOf(asking(503, '80000'), { ageMs: day - 60_000 })).toBe(80_000_000)
  })

  it('comes beside a change of health', () => {
    expect(
      after(answer(503), { health: { state: 'failing', since: now - 5 * day } }).endpoint,
    ).toStrictEqual({
      disable: 'failing',
      throttleForMs: 10_000,
    })
  })
})

describe('409 with Retry-After', () => {
  it('is rescheduled free, and says nothing of the health', () => {
    const expected = { next: deferredFor(120_000), outcome: 'http', retryAfterMs: 120_000 }
    expect(after(asking(409, '120'))).toStrictEqual(expected)
    expect(after(asking(409, '120'), { health: { state: 'failing', since: 0 } })).toStrictEqual(
      expected,
    )
    expect(after(asking(409, '120'), { random: () => 0.9 })).toStrictEqual(expected)
  })

  it('is free at most five times, then a failure like any other', () => {
    const times = (deferred: number) =>
      after(asking(409, '120'), { progress: { attempt: deferred + 1, deferred } })
    expect(times(4).next).toStrictEqual(deferredFor(120_000))
    expect(times(5)).toStrictEqual({
      next: pendingIn(120_000),
      outcome: 'http',
      retryAfterMs: 120_000,
      endpoint: { health: turnsFailing },
    })
  })

  it('is free even when no attempt is left', () => {
    expect(after(asking(409, '5'), { progress: { attempt: 3 } }).next).toStrictEqual(
      deferredFor(5_000),
    )
  })

  it('waits a second at least', () => {
    expect(after(asking(409, '0')).next).toStrictEqual(deferredFor(1_000))
    expect(after(asking(409, 'Wed, 21 Oct 2015 07:28:00 GMT')).next).toStrictEqual(
      deferredFor(1_000),
    )
    expect(after(asking(409, '2')).next).toStrictEqual(deferredFor(2_000))
  })

  it('waits until maxAge at most, and is a failure after it', () => {
    expect(after(asking(409, '120'), { ageMs: day - 60_000 }).next).toStrictEqual(
      deferredFor(60_000),
    )
    expect(after(asking(409, '0'), { ageMs: day - 1 }).next).toStrictEqual(deferredFor(1))
    expect(after(asking(409, '120'), { ageMs: day })).toStrictEqual({
      next: failed('exhausted'),
      outcome: 'http',
      retryAfterMs: 120_000,
      endpoint: { health: turnsFailing },
    })
  })

  it('is a failure without a valid Retry-After', () => {
    for (const headers of [{}, { 'retry-after': 'soon' }]) {
      expect(after(answer(409, headers))).toStrictEqual({
        next: pendingIn(10_000),
        outcome: 'http',
        endpoint: { health: turnsFailing },
      })
    }
  })
})
