import { describe, expect, it } from 'vitest'
import type { Health } from './endpoint'
import { after, answer, asking, day, failed, now, pendingIn, turnsFailing } from './testing/after'
import { failure } from './testing/outcomes'

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
    expect(after(failure({ errorClass: 'forbidden_address' }))).toStrictEqual({
      next: failed('forbidden_address'),
      outcome: 'forbidden_address',
      endpoint: { health: turnsFailing },
    })
    expect(
      after(failure({ errorClass: 'forbidden_address' }), {
        health: { state: 'failing', since: now },
      }),
    ).toStrictEqual({
      next: failed('forbidden_address'),
      outcome: 'forbidden_address',
    })
  })

  it('but not an address that must not be told from one that does not answer', () => {
    const asRefused = { next: pendingIn(10_000), endpoint: { health: turnsFailing } }
    const forbidden = failure({ errorClass: 'forbidden_address' })
    expect(after(forbidden, { forbiddenIsFinal: false })).toStrictEqual({
      ...asRefused,
      outcome: 'forbidden_address',
    })
    expect(after(failure(), { forbiddenIsFinal: false })).toStrictEqual({
      ...asRefused,
      outcome: 'network',
    })
  })

  it("our own configuration, which is not the endpoint's fault", () => {
    const expected = { next: failed('config'), outcome: 'config' }
    expect(after(failure({ errorClass: 'config' }))).toStrictEqual(expected)
    expect(
      after(failure({ errorClass: 'config' }), { health: { state: 'failing', since: 0 } }),
    ).toStrictEqual(expected)
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
      expect(after(failure({ errorClass }))).toStrictEqual({
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
    expect(after(failure({ errorClass: 'timeout' }), { progress: { attempt: 3 } })).toMatchObject({
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

describe("the sender's own fault", () => {
  const late = failure({ errorClass: 'dns', code: 'dns_timeout', blame: 'sender' })

  it('is tried again on the schedule, and says nothing about the endpoint', () => {
    expect(after(late, { random: () => 0.5 })).toStrictEqual({
      next: pendingIn(11_000),
      outcome: 'dns',
    })
    const failing: Health = { state: 'failing', since: now - 6 * day }
    expect(after(late, { health: failing })).toStrictEqual({
      next: pendingIn(10_000),
      outcome: 'dns',
    })
  })

  it('ends a delivery whose attempts or age are used up', () => {
    const exhausted = { next: failed('exhausted'), outcome: 'dns' }
    expect(after(late, { progress: { attempt: 3 } })).toStrictEqual(exhausted)
    expect(after(late, { ageMs: 2 * day })).toStrictEqual(exhausted)
  })

  it.each(['config', 'network', 'forbidden_address'] as const)(
    'is no end at once, whatever its class: %s',
    (errorClass) => {
      expect(after(failure({ errorClass, blame: 'sender' })).next).toStrictEqual(pendingIn(10_000))
    },
  )
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
    expect(
      after(failure({ errorClass: 'forbidden_address' }), { health: since(6 * day) }).endpoint,
    ).toStrictEqual({
      disable: 'failing',
    })
  })

  it('a failure puts off the next probe of an endpoint that has long been failing, and no success does', () => {
    const long = { health: since(600_000), probeAfterMs: 30_000 }
    expect(after(answer(500), long).endpoint).toStrictEqual({ probeInMs: 60_000 })
    expect(after(answer(200), long).endpoint).toStrictEqual({
      health: { from: 'failing', to: 'healthy' },
    })
    expect(after(asking(503, '20'), long).endpoint).toStrictEqual({
      probeInMs: 60_000,
      throttleForMs: 20_000,
    })
    expect(after(answer(500), { ...long, health: since(29_999) })).not.toHaveProperty('endpoint')
    expect(after(answer(500), { ...long, health: since(5 * day) }).endpoint).toStrictEqual({
      disable: 'failing',
    })
  })
})
