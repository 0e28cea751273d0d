import { describe, expect, it } from 'vitest'
import { type ProxyOptions, resolveProxy } from './proxy'

describe('resolveProxy', () => {
  it.each<[string | ProxyOptions, object]>([
    [
      'http://proxy:3128',
      { hostname: 'proxy', port: 3128, secure: false, head: '', resolve: 'here' },
    ],
    ['http://10.0.0.1', { hostname: '10.0.0.1', port: 80 }],
    ['https://[fd00::1]/', { hostname: 'fd00::1', port: 443, secure: true }],
    [{ url: 'http://proxy', resolve: 'proxy' }, { resolve: 'proxy' }],
    [{ url: 'http://proxy', headers: { 'X-Role': 'hooks' } }, { head: 'X-Role: hooks\r\n' }],
    [
      'http://us%3Aer:p%40ss@proxy',
      { head: `proxy-authorization: Basic ${Buffer.from('us:er:p@ss').toString('base64')}\r\n` },
    ],
  ])('%j', (options, policy) => {
    expect(resolveProxy(options)).toMatchObject(policy)
    expect(resolveProxy(options)).toSatisfy(Object.isFrozen)
  })

  it.each<[unknown, RegExp]>([
    [null, /must be a URL or an object/],
    [7, /must be a URL or an object/],
    ['', /http: or https: URL/],
    ['socks5://SECRET@proxy', /http: or https: URL/],
    ['http://SECRET@proxy/path', /no path/],
    ['http://%ff:SECRET@proxy', /percent-encoding/],
    [{ url: 'http://proxy', resolv: 'here' }, /no option "resolv"/],
    [{ url: 'http://proxy', resolve: 'there' }, /'here' or 'proxy'/],
    [{ url: 'http://proxy', ca: 5 }, /PEM/],
    [{ url: 'https://proxy', ca: 'SECRET' }, /PEM/],
    [{ url: 'http://proxy', headers: { Host: 'a' } }, /names/],
    [{ url: 'http://proxy', headers: { 'a b': 'a' } }, /names/],
    [{ url: 'http://proxy', headers: { a: 'SECRET\r\nb: c' } }, /values/],
  ])('refuses %j, and repeats nothing of it', (options, message) => {
    const resolve = () => resolveProxy(options as ProxyOptions)
    expect(resolve).toThrow(TypeError)
    expect(resolve).toThrow(message)
    expect(resolve).not.toThrow(/SECRET/)
  })
})
