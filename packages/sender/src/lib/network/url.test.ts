import { describe, expect, it } from 'vitest'
import type { NetworkOptions } from './policy'
import { checkUrl } from './url'
import { hostOf } from './url-parts'
import { guardCases, verdictOf } from './vectors/cases'

const verdict = (url: string, policy?: NetworkOptions) => {
  const result = checkUrl(url, policy)
  return result.allowed ? 'allowed' : result.code
}

describe('the corpus of URLs', () => {
  const cases = guardCases('url')

  it('has the cases it should', () => expect(cases.length).toBeGreaterThan(120))

  it.each(cases.map((each) => [each.id, each.input, verdictOf(each), each.reason] as const))(
    '%s %j: %s (%s)',
    (_id, input, expected) => {
      expect(checkUrl(input, { allowHttp: true }).allowed).toBe(expected === 'allow')
    },
  )

  it('takes https only, unless told otherwise', () => {
    const allowed = cases.filter((each) => checkUrl(each.input).allowed)
    expect(allowed.length).toBeGreaterThan(5)
    expect(allowed.every((each) => each.input.startsWith('https:'))).toBe(true)
  })
})

describe('host names', () => {
  it.each([
    'http://localhost/',
    'http://a.localhost:3000/',
    'http://localhost./',
    'http://LOCALHOST/',
  ])('%s in development only', (url) => {
    expect(verdict(url, { allowHttp: true })).toBe('forbidden_address')
    expect(verdict(url, { development: true })).toBe('allowed')
  })

  it.each([
    'db.internal',
    'printer.local',
    'router.home.arpa',
    'x.localdomain',
    'wiki.corp',
    'intranet',
    'db.internal.',
  ])('%s only when listed', (host) => {
    expect(verdict(`https://${host}/`)).toBe('forbidden_address')
    expect(verdict(`https://${host}/`, { development: true })).toBe('forbidden_address')
    expect(verdict(`https://${host}/`, { allowHosts: [host] })).toBe('allowed')
  })

  it('*.name admits what is below it, and not the name or a look-alike', () => {
    const policy = { allowHosts: ['*.svc.internal'] }
    expect(verdict('https://a.b.svc.internal/', policy)).toBe('allowed')
    expect(verdict('https://svc.internal/', policy)).toBe('forbidden_address')
    expect(verdict('https://xsvc.internal/', policy)).toBe('forbidden_address')
  })

  it('metadata names are refused although they are listed', () => {
    const policy = { allowHosts: ['metadata.google.internal', '*.internal', 'instance-data'] }
    expect(verdict('https://metadata.google.internal/', policy)).toBe('forbidden_address')
    expect(verdict('https://instance-data/', policy)).toBe('forbidden_address')
    expect(verdict('https://other.internal/', policy)).toBe('allowed')
  })

  it('an admitted name opens no address', () => {
    expect(verdict('https://10.0.0.1/', { allowHosts: ['db.internal'] })).toBe('forbidden_address')
  })

  it.each([
    'https://a..example.com/',
    `https://${'a'.repeat(64)}.example.com/`,
    'https://example.com../',
  ])('not a name: %s', (url) => expect(verdict(url)).toBe('invalid_url'))

  it('a trailing dot is a name like any other', () => {
    const result = checkUrl('https://example.com./in')
    expect(result.allowed && hostOf(result.url)).toBe('example.com')
  })
})

describe('form', () => {
  it.each([
    'https://user@example.com/',
    'https://user:pw@example.com/',
    'https://:pw@example.com/',
    'ftp://example.com/',
    'javascript:alert(1)',
    ' https://example.com/',
    'https://example.com/\n',
    'https://exa\tmple.com/',
    'https://example.com/a b',
    '/in',
    '',
  ])('refuses %j', (url) => expect(verdict(url, { allowHttp: true })).toBe('invalid_url'))

  it.each([
    ['https://example.com:22/', 'invalid_url'],
    ['https://example.com:1023/', 'invalid_url'],
    ['https://example.com:0/', 'invalid_url'],
    ['https://example.com:6379/', 'invalid_url'],
    ['https://example.com:80/', 'allowed'],
    ['https://example.com:1024/', 'allowed'],
    ['https://example.com:8443/', 'allowed'],
  ])('ports: %s is %s', (url, expected) => expect(verdict(url)).toBe(expected))

  it('ports by policy', () => {
    expect(verdict('https://example.com:22/', { ports: 'any' })).toBe('allowed')
    expect(verdict('https://example.com:22/', { ports: [22] })).toBe('allowed')
    expect(verdict('https://example.com/', { ports: [22] })).toBe('invalid_url')
    expect(verdict('https://example.com/', { ports: [443] })).toBe('allowed')
  })

  it('answers the parsed URL', () => {
    const result = checkUrl('https://EXAMPLE.com/in?a=1#x')
    expect(result.allowed && result.url.href).toBe('https://example.com/in?a=1#x')
  })

  it.each([undefined, null, 7, {}, new URL('https://example.com/')])(
    'never throws: %j',
    (value) => {
      expect(Reflect.apply(checkUrl, undefined, [value])).toMatchObject({ allowed: false })
      expect(Reflect.apply(checkUrl, undefined, ['https://example.com/', 7])).toMatchObject({
        allowed: false,
      })
    },
  )
})
