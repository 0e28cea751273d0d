import { describe, expect, it } from 'vitest'
import {
  after,
  answer,
  asking,
  day,
  deferredFor,
  failed,
  now,
  pendingIn,
  turnsFailing,
} from './testing/after'
import { response } from './testing/outcomes'

const says = (status: number, directive: string, headers: Record<string, string> = {}) =>
  answer(status, { 'webhook-delivery': directive, ...headers })
const heeded = { directives: true }

describe('webhook-delivery: disable', () => {
  it.each([300, 400, 404, 409, 429, 500, 503])('with %d ends both', (status) => {
    expect(after(says(status, 'Disable', { 'retry-after': '60' }), heeded)).toStrictEqual({
      next: failed('aborted'),
      outcome: 'http',
      endpoint: { disable: 'requested' },
    })
  })

  it('with a 2xx succeeds, and disables', () => {
    expect(after(says(204, 'disable'), heeded)).toStrictEqual({
      next: { status: 'succeeded' },
      outcome: 'success',
      endpoint: { disable: 'requested' },
    })
    const failing = { ...heeded, health: { state: 'failing', since: 0 } } as const
    expect(after(says(204, 'disable'), failing).endpoint).toStrictEqual({
      health: { from: 'failing', to: 'healthy' },
      disable: 'requested',
    })
  })

  it('with 410 says what 410 says', () => {
    expect(after(says(410, 'disable'), heeded)).toStrictEqual(after(answer(410)))
  })
})

describe('webhook-delivery: abort-message', () => {
  it.each([300, 400, 404, 500])('with %d ends the delivery, and is a failure', (status) => {
    expect(after(says(status, 'ABORT-message'), heeded)).toStrictEqual({
      next: failed('aborted'),
      outcome: 'http',
      endpoint: { health: turnsFailing },
    })
  })

  it('disables an endpoint that did nothing else for too long', () => {
    const health = { state: 'failing', since: now - 5 * day } as const
    expect(after(says(500, 'abort-message'), { ...heeded, health }).endpoint).toStrictEqual({
      disable: 'failing',
    })
  })

  it('leaves the rest of what a 503 asks for', () => {
    const asked = says(503, 'abort-message', { 'retry-after': '90' })
    expect(after(asked, heeded)).toMatchObject({
      next: failed('aborted'),
      endpoint: { throttleForMs: 90_000 },
    })
  })

  it('ends a duplicate in flight too', () => {
    expect(after(says(409, 'abort-message', { 'retry-after': '10' }), heeded).next).toStrictEqual(
      failed('aborted'),
    )
  })

  it('means nothing with a 2xx', () => {
    expect(after(says(200, 'abort-message'), heeded)).toStrictEqual(after(answer(200)))
  })
})

describe('what is not a directive', () => {
  it('is a value that nobody knows', () => {
    expect(after(says(500, 'later'), heeded)).toStrictEqual(after(answer(500)))
    expect(after(says(409, 'later', { 'retry-after': '10' }), heeded).next).toStrictEqual(
      deferredFor(10_000),
    )
  })

  it('is one in an answer that is no HTTP', () => {
    const outcome = response({ status: 600, headers: { 'webhook-delivery': 'disable' } })
    expect(after(outcome, heeded).next).toStrictEqual(pendingIn(10_000))
  })

  it('is any, unless the host heeds them', () => {
    expect(after(says(500, 'disable'))).toStrictEqual(after(answer(500)))
    expect(after(says(400, 'abort-message', { 'retry-after': '900' }))).toStrictEqual(
      after(asking(400, '900')),
    )
    expect(after(says(200, 'disable'))).toStrictEqual(after(answer(200)))
  })
})
