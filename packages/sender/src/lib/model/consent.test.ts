import { describe, expect, it } from 'vitest'
import { judgeChallenge, judgeHandshake } from './consent'
import { failure, response } from './testing/outcomes'

const origin = 'events.example.com'
const answers = (headers: Record<string, string>, status = 200) => response({ status, headers })
const bytes = (text: string) => new TextEncoder().encode(text)
const says = (body: string, fields = {}) => response({ body: bytes(body), ...fields })
const asked = bytes('{"id":"evt_1","data":{"challenge":"c-1"}}')

describe('the OPTIONS handshake', () => {
  it.each([origin, 'EVENTS.example.com', ' events.example.com ', '*'])(
    'is consent when the allowed origin is %o',
    (allowed) => {
      for (const status of [200, 204, 299])
        expect(
          judgeHandshake(answers({ 'webhook-allowed-origin': allowed }, status), origin),
        ).toStrictEqual({ given: true })
    },
  )

  it.each(['', 'other.example.com', 'example.com', '*.example.com', `${origin}, *`, `x${origin}`])(
    'is none when it is %o',
    (allowed) => {
      const answer = answers({ 'webhook-allowed-origin': allowed })
      expect(judgeHandshake(answer, origin)).toStrictEqual({
        given: false,
        code: 'no_consent',
        message: `The endpoint answered 200, but without \`WebHook-Allowed-Origin: ${origin}\`.`,
        status: 200,
      })
    },
  )

  it('is none when the header is missing', () => {
    expect(judgeHandshake(answers({ allow: 'OPTIONS, POST' }), origin)).toMatchObject({
      code: 'no_consent',
    })
  })

  it.each([300, 308, 401, 404, 405, 410, 500])('is none with a %d', (status) => {
    const answer = answers({ 'webhook-allowed-origin': '*' }, status)
    expect(judgeHandshake(answer, origin)).toMatchObject({
      given: false,
      code: `http_${status}`,
      status,
    })
  })

  it.each([
    ['120', 120],
    [' 1 ', 1],
    ['9999999', 9_999_999],
  ])('may allow a rate: %o', (header, ratePerMinute) => {
    const headers = { 'webhook-allowed-origin': '*', 'webhook-allowed-rate': header }
    expect(judgeHandshake(answers(headers), origin)).toStrictEqual({ given: true, ratePerMinute })
  })

  it.each(['0', ' 000 '])('is none when it allows a rate of %o', (rate) => {
    const headers = { 'webhook-allowed-origin': '*', 'webhook-allowed-rate': rate }
    expect(judgeHandshake(answers(headers), origin)).toMatchObject({
      code: 'no_consent',
      message: 'The endpoint answered 200, but with `WebHook-Allowed-Rate: 0`.',
    })
  })

  it.each(['*', '', '-1', '1.5', '1e3', '10000000', 'many', '120, 240'])(
    'names no rate with %o',
    (header) => {
      const headers = { 'webhook-allowed-origin': '*', 'webhook-allowed-rate': header }
      expect(judgeHandshake(answers(headers), origin)).toStrictEqual({ given: true })
    },
  )
})

describe('the challenge', () => {
  it.each(['c-1', ' c-1\n', '{"challenge":"c-1"}', '{ "challenge": "c-1", "ok": true }'])(
    'is met by %o',
    (body) => {
      expect(judgeChallenge(says(body), 'c-1', asked)).toStrictEqual({ given: true })
    },
  )

  it.each([
    '',
    'c-2',
    'c-1c-1',
    '"c-1"',
    '["c-1"]',
    '{"challenge":"c-2"}',
    '{"challenge":',
    'null',
  ])('is not met by %o', (body) => {
    expect(judgeChallenge(says(body), 'c-1', asked)).toStrictEqual({
      given: false,
      code: 'no_consent',
      message: 'The endpoint answered 200, but without the challenge.',
      status: 200,
    })
  })

  it('is not met by an echo of the request, in an envelope that is but its data', () => {
    const raw = bytes('{"challenge":"c-1"}')
    for (const echo of ['{"challenge":"c-1"}', '{ "challenge": "c-1" }'])
      expect(judgeChallenge(says(echo), 'c-1', raw)).toMatchObject({ code: 'no_consent' })
    expect(judgeChallenge(says('c-1'), 'c-1', raw)).toStrictEqual({ given: true })
  })

  it('is not met by a body of which more came than was kept', () => {
    expect(judgeChallenge(says('c-1', { truncated: true }), 'c-1', asked)).toMatchObject({
      given: false,
    })
  })

  it('is not met by another status', () => {
    expect(judgeChallenge(says('c-1', { status: 500 }), 'c-1', asked)).toMatchObject({
      code: 'http_500',
    })
    expect(judgeChallenge(says('c-1', { status: 700 }), 'c-1', asked)).toStrictEqual({
      given: false,
      code: 'invalid_status',
      message: 'The endpoint answered 700, which is not a final HTTP status.',
    })
  })
})

it('a request that failed says how, and nothing that is not for a tenant', () => {
  const outcome = failure({ code: 'unreachable', message: 'Not reached.', detail: '10.0.0.7' })
  const expected = { given: false, code: 'unreachable', message: 'Not reached.' }
  expect(judgeHandshake(outcome, origin)).toStrictEqual(expected)
  expect(judgeChallenge(outcome, 'c-1', asked)).toStrictEqual(expected)
})
