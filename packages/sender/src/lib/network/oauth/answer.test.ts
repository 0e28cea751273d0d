import { describe, expect, it } from 'vitest'
import type { AttemptOutcome } from '../../ports/transport'
import { readTokenAnswer } from './answer'

const answered = (body: unknown, more: object = {}): AttemptOutcome => ({
  kind: 'response',
  status: 200,
  headers: {},
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  truncated: false,
  durationMs: 1,
  ...more,
})
const token = { access_token: 'abc', token_type: 'Bearer', expires_in: 3600 }

describe('an answer with a token', () => {
  it.each<[unknown, number]>([
    [3600, 3_570_000],
    ['3600', 3_570_000],
    [40, 20_000],
    [0, 0],
    [-5, 0],
    [1e9, 86_370_000],
    [undefined, 270_000 + 30_000],
    [null, 300_000],
    ['', 300_000],
    ['soon', 300_000],
  ])('that expires in %j is kept for %i ms', (expires_in, lifetimeMs) => {
    expect(readTokenAnswer(answered({ ...token, expires_in }))).toEqual({
      ok: true,
      token: 'abc',
      lifetimeMs,
    })
  })

  it('may leave its type out, and writes it in any case', () => {
    expect(readTokenAnswer(answered({ access_token: 'abc' }))).toMatchObject({ ok: true })
    expect(readTokenAnswer(answered({ ...token, token_type: 'bEARER' }))).toMatchObject({
      ok: true,
    })
  })
})

describe('an answer without one', () => {
  it.each<[string, AttemptOutcome, string]>([
    ['junk', answered('<html>'), 'token_invalid'],
    ['no UTF-8', answered('', { body: Buffer.from([0xff]) }), 'token_invalid'],
    ['null', answered('null'), 'token_invalid'],
    ['an array', answered('["abc"]'), 'token_invalid'],
    ['no token', answered({ ...token, access_token: undefined }), 'token_invalid'],
    ['a number for a token', answered({ ...token, access_token: 7 }), 'token_invalid'],
    ['an empty token', answered({ ...token, access_token: '' }), 'token_invalid'],
    ['a token with CR LF', answered({ ...token, access_token: 'a\r\nx: y' }), 'token_invalid'],
    ['a token beyond ASCII', answered({ ...token, access_token: 'ä' }), 'token_invalid'],
    ['an endless token', answered({ ...token, access_token: 'a'.repeat(8193) }), 'token_invalid'],
    ['another type', answered({ ...token, token_type: 'mac' }), 'token_invalid'],
    ['a type that is no text', answered({ ...token, token_type: 1 }), 'token_invalid'],
    ['its end missing', answered(token, { truncated: true }), 'token_invalid'],
    ['a created token', answered(token, { status: 201 }), 'token_unavailable'],
    ['a redirect', answered('', { status: 302 }), 'token_unavailable'],
    ['too many requests', answered('', { status: 429 }), 'token_unavailable'],
    ['a server error', answered('', { status: 503 }), 'token_unavailable'],
    ['a refusal', answered({ error: 'invalid_client' }, { status: 401 }), 'token_refused'],
    ['a bare refusal', answered('', { status: 404 }), 'token_refused'],
  ])('%s', (_what, outcome, code) => {
    expect(readTokenAnswer(outcome)).toMatchObject({
      ok: false,
      failure: { errorClass: 'protocol', code },
    })
  })

  it('names the reasons of RFC 6749 and shows no other word of the server', () => {
    const known = readTokenAnswer(answered({ error: 'invalid_scope' }, { status: 400 }))
    expect(known).toHaveProperty('failure.message', expect.stringContaining('(invalid_scope)'))
    const own = { error: 'SECRET-1', error_description: 'SECRET-2' }
    expect(JSON.stringify(readTokenAnswer(answered(own, { status: 400 })))).not.toContain('SECRET')
  })

  it('keeps the class, and whose fault it was, of a request that could not be made', () => {
    const failure = { errorClass: 'network', code: 'ECONNREFUSED', message: 'No.' } as const
    const outcome: AttemptOutcome = { kind: 'error', ...failure, blame: 'sender', durationMs: 3 }
    expect(readTokenAnswer(outcome)).toEqual({
      ok: false,
      failure: {
        errorClass: 'network',
        code: 'token_econnrefused',
        message: 'No access token could be had. At the token URL: No.',
        blame: 'sender',
      },
    })
  })
})
