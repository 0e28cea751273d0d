import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { classify, classifyHandshake } from './classify'
import { ConnectFailure, detailOf, unreachable } from './failure'

const coded = (code: string, message = 'with secret detail') =>
  Object.assign(new Error(message), { code })

describe('classify', () => {
  it.each<[unknown, string, string]>([
    [new errors.HeadersOverflowError(), 'protocol', 'headers_too_large'],
    [new errors.ResponseContentLengthMismatchError(), 'protocol', 'content_length_mismatch'],
    [new errors.HTTPParserError('Invalid'), 'protocol', 'malformed_response'],
    [new errors.SocketError('bad response'), 'protocol', 'unexpected_response'],
    [new errors.SocketError('bad upgrade'), 'protocol', 'unexpected_upgrade'],
    [new errors.SocketError('other side closed'), 'network', 'closed'],
    [new errors.SocketError('constructor'), 'network', 'closed'],
    [new errors.InvalidArgumentError('invalid x header'), 'config', 'invalid_request'],
    [new errors.NotSupportedError('expect'), 'config', 'invalid_request'],
    [new errors.RequestContentLengthMismatchError(), 'config', 'invalid_request'],
    [coded('ERR_ASSERTION'), 'protocol', 'malformed_response'],
    [coded('ECONNRESET'), 'network', 'ECONNRESET'],
    [coded('CONSTRUCTOR'), 'network', 'CONSTRUCTOR'],
    [coded('not a code'), 'network', 'unknown'],
    [new TypeError('x'), 'network', 'unknown'],
    ['text', 'network', 'unknown'],
    [undefined, 'network', 'unknown'],
  ])('%o is %s, %s', (error, errorClass, code) => {
    const failure = classify(error)
    expect(failure).toMatchObject({ errorClass, code })
    expect(failure.message).toMatch(/^[A-Z].{10,}\.$/)
    expect(failure.message).not.toContain('secret')
  })

  it('keeps what the connection said', () => {
    const failure = unreachable('forbidden_address', 'why')
    expect(classify(new ConnectFailure(failure))).toEqual(failure)
  })
})

describe('classifyHandshake', () => {
  it.each([
    ['CERT_HAS_EXPIRED', 'tls', /expired/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls', /another host name/],
    ['EPROTO', 'tls', /could not be agreed/],
    ['ECONNRESET', 'network', /broke/],
    ['EPIPE', 'network', /broke/],
  ])('%s is %s', (code, errorClass, message) => {
    expect(classifyHandshake(coded(code))).toMatchObject({
      errorClass,
      code,
      message: expect.stringMatching(message),
    })
  })
})

describe('detailOf', () => {
  it('is bounded, and lists what an aggregate holds', () => {
    expect(detailOf(new Error('x'.repeat(10_000)))).toHaveLength(300)
    expect(detailOf(new AggregateError([new Error('a'), new Error('b')]))).toBe('a; b')
  })
})
