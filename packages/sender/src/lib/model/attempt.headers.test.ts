import { describe, expect, it } from 'vitest'
import { describeAttempt } from './attempt'
import { response } from './testing/outcomes'

const url = 'https://user:pass@example.com/hook/a?token=1'
const meta = { number: 3, startedAt: 1_000, url }

const messageOf = (status: number, headers: Record<string, string> = {}, further: object = {}) =>
  describeAttempt(response({ status, headers }), { ...meta, ...further }).error?.message

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
