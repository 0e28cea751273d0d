import { describe, expect, it } from 'vitest'
import { classifyOutcome, describeAttempt } from './attempt'
import { failure, response } from './testing/outcomes'

const body = new TextEncoder().encode('hello')
const url = 'https://user:pass@example.com/hook/a?token=1'
const meta = { number: 3, startedAt: 1_000, url }

const messageOf = (status: number, headers: Record<string, string> = {}, further: object = {}) =>
  describeAttempt(response({ status, headers }), { ...meta, ...further }).error?.message

describe('classifyOutcome', () => {
  it.each([
    ['success', [200, 201, 202, 204, 205, 299]],
    ['http', [300, 301, 304, 399, 400, 404, 410, 499, 500, 503, 599]],
    ['protocol', [-1, 0, 99, 100, 101, 102, 199, 600, 999, 2000, Number.NaN]],
  ] as const)('%s', (expected, statuses) => {
    for (const status of statuses) {
      expect([status, classifyOutcome(response({ status }))]).toStrictEqual([status, expected])
    }
  })

  it('takes the class of a request without a response as it is', () => {
    for (const errorClass of ['timeout', 'dns', 'network', 'tls', 'protocol', 'config'] as const) {
      expect(classifyOutcome(failure({ errorClass }))).toBe(errorClass)
    }
  })

  it('takes a 200 that says error for a success, and a broken body for none the less', () => {
    expect(classifyOutcome(response({ body: new TextEncoder().encode('{"error":true}') }))).toBe(
      'success',
    )
    expect(classifyOutcome(response({ bodyError: 'ECONNRESET' }))).toBe('success')
  })
})

describe('a success', () => {
  it('is logged without error', () => {
    expect(describeAttempt(response({ body }), meta)).toStrictEqual({
      number: 3,
      startedAt: 1_000,
      durationMs: 12,
      outcome: 'success',
      status: 200,
      responseHeaders: {},
      responseBody: body,
    })
  })

  it('says so when the body was cut, was broken off, or was empty', () => {
    expect(describeAttempt(response({ body, truncated: true }), meta)).toMatchObject({
      responseBody: body,
      responseTruncated: true,
    })
    expect(describeAttempt(response({ bodyError: 'ECONNRESET' }), meta)).toStrictEqual({
      number: 3,
      startedAt: 1_000,
      durationMs: 12,
      outcome: 'success',
      status: 200,
      responseHeaders: {},
      error: {
        code: 'body_incomplete',
        message: 'The response body broke off (ECONNRESET). The status counts.',
      },
    })
    expect(describeAttempt(response(), meta)).not.toHaveProperty('responseBody')
    expect(describeAttempt(response(), meta)).not.toHaveProperty('responseTruncated')
  })

  it('notes a free repetition on a fresh socket', () => {
    expect(describeAttempt(response({ freshSocket: true }), meta).freshSocket).toBe(true)
    expect(describeAttempt(failure({ freshSocket: true }), meta).freshSocket).toBe(true)
    expect(describeAttempt(response({ freshSocket: false }), meta)).not.toHaveProperty(
      'freshSocket',
    )
    expect(describeAttempt(response(), meta)).not.toHaveProperty('freshSocket')
  })

  it('notes that the receiver had handled the message before', () => {
    const marked = (value: string) =>
      describeAttempt(response({ headers: { 'webhook-duplicate': value } }), meta)
    expect(marked('true').duplicate).toBe(true)
    expect(marked('false')).not.toHaveProperty('duplicate')
    expect(describeAttempt(response(), meta)).not.toHaveProperty('duplicate')
  })
})

describe('a failure', () => {
  it('has the code of its status', () => {
    expect(describeAttempt(response({ status: 503, body, bodyError: 'x' }), meta)).toStrictEqual({
      number: 3,
      startedAt: 1_000,
      durationMs: 12,
      outcome: 'http',
      status: 503,
      responseHeaders: {},
      responseBody: body,
      error: { code: 'http_503', message: 'The endpoint answered 503.' },
    })
  })

  it('says how long the endpoint asked to wait', () => {
    expect(messageOf(429, {}, { retryAfterMs: 120_000 })).toBe(
      'The endpoint answered 429 and asked to wait 120 s.',
    )
    expect(messageOf(429, {}, { retryAfterMs: 1_001 })).toBe(
      'The endpoint answered 429 and asked to wait 2 s.',
    )
    expect(messageOf(429, {}, { retryAfterMs: 0 })).toBe(
      'The endpoint answered 429 and asked to wait 0 s.',
    )
    expect(messageOf(400)).toBe('The endpoint answered 400.')
  })

  it('says what 410 means', () => {
    const gone = 'The endpoint answered 410: it is gone and wants no more deliveries.'
    expect(messageOf(410)).toBe(gone)
    expect(messageOf(410, {}, { retryAfterMs: 5_000 })).toBe(gone)
  })

  it('has no status when the status is none of HTTP', () => {
    expect(describeAttempt(response({ status: 999 }), meta)).toStrictEqual({
      number: 3,
      startedAt: 1_000,
      durationMs: 12,
      outcome: 'protocol',
      responseHeaders: {},
      error: {
        code: 'invalid_status',
        message: 'The endpoint answered 999, which is not a final HTTP status.',
      },
    })
  })

  it('without a response has the code and the text of the transport, and not its detail', () => {
    const outcome = failure({ errorClass: 'forbidden_address', detail: '10.0.0.1' })
    expect(describeAttempt(outcome, meta)).toStrictEqual({
      number: 3,
      startedAt: 1_000,
      durationMs: 12,
      outcome: 'forbidden_address',
      error: { code: 'ECONNREFUSED', message: 'The connection was refused.' },
    })
  })

  it('has a bounded text without control characters', () => {
    const error = describeAttempt(
      failure({ code: 'x'.repeat(65), message: `a\0b\nc\u2028d${'y'.repeat(600)}` }),
      meta,
    ).error
    expect(error?.code).toBe(`${'x'.repeat(63)}…`)
    expect(error?.message).toBe(`a b c d${'y'.repeat(504)}…`)
    const fitting = { code: 'x'.repeat(64), message: 'y'.repeat(512) }
    expect(describeAttempt(failure(fitting), meta).error).toStrictEqual(fitting)
  })
})
