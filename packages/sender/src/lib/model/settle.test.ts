import { describe, expect, it } from 'vitest'
import type { AttemptOutcome } from '../ports/transport'
import type { AttemptClass, Progress } from './delivery'
import type { Health } from './endpoint'
import type { RetryPolicy } from './retry-schedule'
import { judgeClaim, type SettlePolicy, settle } from './settle'

const day = 86_400_000
/** Wednesday, 21 October 2026, 07:28:00 GMT. */
const now = Date.UTC(2026, 9, 21, 7, 28, 0)

const retry: RetryPolicy = {
  schedule: [0, 10_000, 100_000],
  jitter: 0.2,
  maxAttempts: 3,
  maxAge: day,
}
const healthy: Health = { state: 'healthy' }
const turnsFailing = { from: 'healthy', to: 'failing' }

interface Case {
  readonly progress?: Partial<Progress>
  readonly ageMs?: number
  readonly health?: Health
  readonly retry?: Partial<RetryPolicy>
  readonly random?: () => number
}

/** Settles the first attempt of a young delivery of a healthy endpoint, but for what is given. */
function after(outcome: AttemptOutcome, given: Case = {}) {
  const progress = { attempt: 1, lost: 0, soloLost: 0, deferred: 0, ...given.progress }
  const subject = { progress, ageMs: given.ageMs ?? 0, health: given.health ?? healthy }
  const policy: SettlePolicy = {
    retry: { ...retry, ...given.retry },
    disableAfterMs: 5 * day,
    now,
    random: given.random ?? (() => 0),
  }
  return settle(subject, outcome, policy)
}

function answer(status: number, headers: Record<string, string> = {}): AttemptOutcome {
  return {
    kind: 'response',
    status,
    headers,
    body: new Uint8Array(),
    truncated: false,
    durationMs: 1,
  }
}

function broken(errorClass: Exclude<AttemptClass, 'success' | 'http'>): AttemptOutcome {
  return { kind: 'error', errorClass, code: 'X', message: 'x', durationMs: 1 }
}

const asking = (status: number, retryAfter: string) => answer(status, { 'retry-after': retryAfter })
const pendingIn = (retryInMs: number) => ({ status: 'pending', retryInMs, deferred: false })
const deferredFor = (retryInMs: number) => ({ status: 'pending', retryInMs, deferred: true })
const failed = (reason: string) => ({ status: 'failed', reason })

describe('a 2xx', () => {
  it.each([200, 201, 202, 204, 299])('%d succeeds', (status) => {
    expect(after(answer(status))).toStrictEqual({
      next: { status: 'succeeded' },
      outcome: 'success',
    })
  })

  it('succeeds on the last attempt, and however old', () => {
    const last = { progress: { attempt: 99 }, ageMs: 99 * day }
    expect(after(answer(200), last).next).toStrictEqual({ status: 'succeeded' })
  })

  it('heals a failing endpoint', () => {
    expect(after(answer(200), { health: { state: 'failing', since: 0 } })).toStrictEqual({
      next: { status: 'succeeded' },
      outcome: 'success',
      endpoint: { health: { from: 'failing', to: 'healthy' } },
    })
  })

  it('has its Retry-After ignored', () => {
    expect(after(asking(200, '120'))).toStrictEqual({
      next: { status: 'succeeded' },
      outcome: 'success',
    })
  })
})

describe('an end at once', () => {
  it('410: the endpoint is gone', () => {
    const gone = { next: failed('gone'), outcome: 'http', endpoint: { disable: 'gone' } }
    expect(after(answer(410))).toStrictEqual(gone)
    expect(after(asking(410, '120'))).toStrictEqual(gone)
    expect(after(answer(410), { health: { state: 'failing', since: 0 } })).toStrictEqual(gone)
  })

  it('an address that the policy forbids, which is a failure of the endpoint', () => {
    expect(after(broken('forbidden_address'))).toStrictEqual({
      next: failed('forbidden_address'),
      outcome: 'forbidden_address',
      endpoint: { health: turnsFailing },
    })
    expect(
      after(broken('forbidden_address'), { health: { state: 'failing', since: now } }),
    ).toStrictEqual({
      next: failed('forbidden_address'),
      outcome: 'forbidden_address',
    })
  })

  it("our own configuration, which is not the endpoint's fault", () => {
    const expected = { next: failed('config'), outcome: 'config' }
    expect(after(broken('config'))).toStrictEqual(expected)
    expect(after(broken('config'), { health: { state: 'failing', since: 0 } })).toStrictEqual(
      expected,
    )
  })
})

describe('anything else', () => {
  it.each([
    300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 409, 413, 415, 422, 500, 501, 599,
  ])('%d is tried again on the schedule', (status) => {
    expect(after(answer(status))).toStrictEqual({
      next: pendingIn(10_000),
      outcome: 'http',
      endpoint: { health: turnsFailing },
    })
  })

  it.each([0, 99, 100, 102, 199, 600, 999])(
    '%d, which is no final status, is a protocol failure',
    (status) => {
      expect(after(asking(status, '900'))).toStrictEqual({
        next: pendingIn(10_000),
        outcome: 'protocol',
        endpoint: { health: turnsFailing },
      })
    },
  )

  it.each(['timeout', 'dns', 'network', 'tls', 'protocol'] as const)(
    '%s is tried again',
    (errorClass) => {
      expect(after(broken(errorClass))).toStrictEqual({
        next: pendingIn(10_000),
        outcome: errorClass,
        endpoint: { health: turnsFailing },
      })
    },
  )

  it('is tried again with the delay of its step, and jitter', () => {
    expect(after(answer(500), { progress: { attempt: 2 } }).next).toStrictEqual(pendingIn(100_000))
    expect(after(answer(500), { random: () => 0.5 }).next).toStrictEqual(pendingIn(11_000))
    expect(after(answer(500), { progress: { attempt: 2 }, random: () => 0.5 }).next).toStrictEqual(
      pendingIn(110_000),
    )
  })

  it('fails when the attempts are used up', () => {
    expect(after(answer(500), { progress: { attempt: 3 } })).toStrictEqual({
      next: failed('exhausted'),
      outcome: 'http',
      endpoint: { health: turnsFailing },
    })
    expect(after(answer(500), { progress: { attempt: 4 } }).next).toStrictEqual(failed('exhausted'))
    expect(after(broken('timeout'), { progress: { attempt: 3 } })).toMatchObject({
      next: failed('exhausted'),
      outcome: 'timeout',
    })
  })

  it('does not count lost leases and free deferrals as attempts', () => {
    const counted = { attempt: 7, lost: 2, deferred: 4 }
    expect(after(answer(500), { progress: counted }).next).toStrictEqual(pendingIn(10_000))
    expect(after(answer(500), { progress: { ...counted, attempt: 8 } }).next).toStrictEqual(
      pendingIn(100_000),
    )
    expect(after(answer(500), { progress: { ...counted, attempt: 9 } }).next).toStrictEqual(
      failed('exhausted'),
    )
    expect(
      after(answer(500), { progress: { attempt: 3, lost: 2, soloLost: 2 } }).next,
    ).toStrictEqual(pendingIn(10_000))
  })
})

describe('age', () => {
  it("fails when the schedule's own delay would end past maxAge", () => {
    expect(after(answer(500), { ageMs: day - 10_000 }).next).toStrictEqual(pendingIn(10_000))
    expect(after(answer(500), { ageMs: day - 9_999 })).toStrictEqual({
      next: failed('exhausted'),
      outcome: 'http',
      endpoint: { health: turnsFailing },
    })
    expect(after(answer(500), { ageMs: 2 * day }).next).toStrictEqual(failed('exhausted'))
  })

  it('cuts jitter and Retry-After at maxAge, so that chance never decides', () => {
    const late = { ageMs: day - 10_500, random: () => 0.999 }
    expect(after(answer(500), late).next).toStrictEqual(pendingIn(10_500))
    expect(after(asking(400, '900'), { ageMs: day - 60_000 }).next).toStrictEqual(pendingIn(60_000))
  })

  it('is cut to whole milliseconds', () => {
    expect(after(asking(400, '900'), { ageMs: day - 60_000.5 }).next).toStrictEqual(
      pendingIn(60_000),
    )
  })
})

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
    expect(throttleOf(broken('timeout'))).toBeUndefined()
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

describe('health', () => {
  const since = (ms: number): Health => ({ state: 'failing', since: now - ms })

  it('is written on transitions only', () => {
    expect(after(answer(500), { health: since(0) })).toStrictEqual({
      next: pendingIn(10_000),
      outcome: 'http',
    })
    expect(after(answer(500), { health: since(5 * day - 1) })).not.toHaveProperty('endpoint')
  })

  it('disables an endpoint that failed for disableAfter, and leaves the delivery its retry', () => {
    expect(after(answer(500), { health: since(5 * day) })).toStrictEqual({
      next: pendingIn(10_000),
      outcome: 'http',
      endpoint: { disable: 'failing' },
    })
    expect(after(broken('forbidden_address'), { health: since(6 * day) }).endpoint).toStrictEqual({
      disable: 'failing',
    })
  })
})

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
