import { afterEach, describe, expect, it, vi } from 'vitest'
import { type NetworkOptions, resolveNetworkPolicy } from './policy'

afterEach(() => vi.unstubAllEnvs())

const resolve = (options: unknown) => Reflect.apply(resolveNetworkPolicy, undefined, [options])

describe('resolveNetworkPolicy', () => {
  it('has safe defaults, frozen', () => {
    const policy = resolveNetworkPolicy()
    expect(policy).toEqual({
      allowHttp: false,
      allowAddresses: [],
      allowHosts: [],
      ports: 'default',
      proxy: undefined,
      http2: false,
      lookup: undefined,
      dnsTimeoutMs: 5000,
      development: false,
    })
    expect(Object.isFrozen(policy) && Object.isFrozen(policy.allowAddresses)).toBe(true)
  })

  it('leaves the options alone', () => {
    const options: NetworkOptions = Object.freeze({
      allowHosts: Object.freeze(['DB.Internal.', '*.Bücher.example']),
    })
    expect(resolveNetworkPolicy(options).allowHosts).toEqual([
      'db.internal',
      '*.xn--bcher-kva.example',
    ])
  })

  it('admits http in development, and refuses it in production', () => {
    expect(resolveNetworkPolicy({ development: true })).toMatchObject({
      allowHttp: true,
      development: true,
    })
    vi.stubEnv('NODE_ENV', 'production')
    expect(() => resolveNetworkPolicy({ development: true })).toThrow(/NODE_ENV/)
    expect(resolveNetworkPolicy({ allowHttp: true }).allowHttp).toBe(true)
  })

  it.each([
    [{ allowHttp: 1 }, /allowHttp/],
    [{ development: 'yes' }, /development/],
    [{ allowAddresses: '10.0.0.0/8' }, /allowAddresses/],
    [{ allowAddresses: ['10.0.0.1/8'] }, /10\.0\.0\.1\/8/],
    [{ allowAddresses: ['localhost'] }, /localhost/],
    [{ allowHosts: [7] }, /allowHosts/],
    [{ allowHosts: ['10.0.0.1'] }, /allowAddresses/],
    [{ allowHosts: ['[::1]'] }, /allowAddresses/],
    [{ allowHosts: ['0x7f.1'] }, /allowAddresses/],
    [{ allowHosts: ['a b'] }, /a b/],
    [{ allowHosts: ['user@host'] }, /user@host/],
    [{ allowHosts: ['*'] }, /host name/],
    [{ allowHosts: [''] }, /host name/],
    [{ ports: [] }, /ports/],
    [{ ports: [0] }, /ports/],
    [{ ports: [65_536] }, /ports/],
    [{ ports: 'all' }, /ports/],
    [{ lookup: 'dns' }, /lookup/],
    [{ dnsTimeout: 5000 }, /dnsTimeout/],
    [{ dnsTimeout: '0s' }, /dnsTimeout/],
    [{ dnsTimeout: '61s' }, /dnsTimeout/],
    [{ proxy: 'proxy:3128' }, /http: or https: URL/],
    [{ allowPrivate: true }, /allowPrivate/],
    [null, /object/],
  ])('refuses %j', (options, message) => {
    expect(() => resolve(options)).toThrow(TypeError)
    expect(() => resolve(options)).toThrow(message)
  })
})
