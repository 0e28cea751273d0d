import { describe, expect, it } from 'vitest'
import type { AttemptOutcome } from '../ports/transport'
import { classifyOutcome, describeAttempt } from './attempt'

type ResponseOutcome = Extract<AttemptOutcome, { kind: 'response' }>
type ErrorOutcome = Extract<AttemptOutcome, { kind: 'error' }>

const body = new TextEncoder().encode('hello')
const url = 'https://user:pass@example.com/hook/a?token=1'
const meta = { number: 3, startedAt: 1_000, url }

function response(fields: Partial<ResponseOutcome> = {}): ResponseOutcome {
  return {
    kind: 'response',
    status: 200,
    headers: {},
    body: new Uint8Array(),
    truncated: false,
    durationMs: 12,
    ...fields,
  }
}

function failure(fields: Partial<ErrorOutcome> = {}): ErrorOutcome {
  return {
    kind: 'error',
    errorClass: 'network',
    code: 'ECONNREFUSED',
    message: 'The connection was refused.',
    durationMs: 12,
    ...fields,
  }
}

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

describe('a redirect', () => {
  const update = 'Redirects are not followed: update the endpoint URL.'

  it.each([
    ['https://new.example/hook', 'https://new.example/hook'],
    ['http://new.example:8080/', 'http://new.example:8080/'],
    ['https://user:secret@new.example/a?token=1#frag', 'https://new.example/a'],
    ['/other?token=1', 'https://example.com/other'],
    ['other', 'https://example.com/hook/other'],
    ['//new.example/x', 'https://new.example/x'],
  ])('to %s points to %s', (location, target) => {
    const record = describeAttempt(response({ status: 301, headers: { location } }), meta)
    expect(record.error).toStrictEqual({
      code: 'http_301',
      message: `The endpoint answered 301, pointing to ${target}. ${update}`,
    })
    expect(record.responseHeaders).toStrictEqual({ location: target })
  })

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://example.com/x',
    'https://',
    'http://[::1',
  ])('to %s points nowhere', (location) => {
    const record = describeAttempt(response({ status: 302, headers: { location } }), meta)
    expect(record.error?.message).toBe(`The endpoint answered 302. ${update}`)
    expect(record.responseHeaders).toStrictEqual({})
  })

  it('without Location still says what to do', () => {
    expect(messageOf(302)).toBe(`The endpoint answered 302. ${update}`)
    expect(messageOf(304)).toBe(`The endpoint answered 304. ${update}`)
    expect(messageOf(399)).toBe(`The endpoint answered 399. ${update}`)
    expect(messageOf(300, {}, { retryAfterMs: 1_000 })).toBe(`The endpoint answered 300. ${update}`)
  })

  it('to a relative address is not shown when the URL is not known', () => {
    const at = (location: string) => messageOf(308, { location }, { url: undefined })
    expect(at('/other')).toBe(`The endpoint answered 308. ${update}`)
    expect(at('https://new.example/x')).toBe(
      `The endpoint answered 308, pointing to https://new.example/x. ${update}`,
    )
  })

  it('to a long address is cut', () => {
    const location = `https://new.example/${'x'.repeat(600)}`
    const kept = describeAttempt(
      response({ status: 301, headers: { location } }),
      meta,
    ).responseHeaders
    expect(kept?.location).toBe(`${location.slice(0, 511)}…`)
  })
})

describe('response headers', () => {
  const kept = (headers: Record<string, string>) =>
    describeAttempt(response({ headers }), meta).responseHeaders

  it('are kept when they are known to be harmless', () => {
    const harmless = {
      'content-type': 'text/plain',
      'content-length': '5',
      'retry-after': '120',
      date: 'Wed, 21 Oct 2026 07:28:00 GMT',
      server: 'nginx',
      'webhook-duplicate': 'true',
      'webhook-x1': 'y',
    }
    expect(kept(harmless)).toStrictEqual(harmless)
  })

  it('are dropped otherwise', () => {
    expect(
      kept({
        'set-cookie': 'session=1',
        authorization: 'Bearer x',
        refresh: '0',
        'x-webhook-id': '1',
        'webhook-': '1',
        'webhook-a b': '1',
        'webhook-a!': '1',
        webhookid: '1',
        [`webhook-${'x'.repeat(57)}`]: '1',
        constructor: 'x',
      }),
    ).toStrictEqual({})
    expect(kept({ [`webhook-${'x'.repeat(56)}`]: '1' })).toHaveProperty(`webhook-${'x'.repeat(56)}`)
  })

  it('are bounded in length and number', () => {
    expect(kept({ server: 'x'.repeat(512) })).toStrictEqual({ server: 'x'.repeat(512) })
    expect(kept({ server: 'x'.repeat(513) })).toStrictEqual({ server: `${'x'.repeat(511)}…` })
    expect(kept({ server: 'a\0b\x1bc\x7fd\u2029e' })).toStrictEqual({ server: 'a b c d e' })
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`webhook-${index}`, 'x']),
    )
    expect(Object.keys(kept({ cookie: 'x', ...many }) ?? {})).toStrictEqual(
      Object.keys(many).slice(0, 24),
    )
  })
})
