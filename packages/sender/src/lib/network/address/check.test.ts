import { describe, expect, it, vi } from 'vitest'
import { resolveNetworkPolicy } from '../policy'
import { guardCases, verdictOf } from '../vectors/cases'
import { checkAddress, isPublicAddress } from './check'

const allows = (address: string, policy?: Parameters<typeof checkAddress>[1]) =>
  checkAddress(address, policy).allowed

describe('the corpus of addresses', () => {
  const cases = guardCases('ip', 'ip-string')

  it('has the cases it should', () => expect(cases.length).toBeGreaterThan(150))

  it.each(cases.map((each) => [each.id, each.input, verdictOf(each), each.reason] as const))(
    '%s %j: %s (%s)',
    (_id, input, verdict) => expect(allows(input)).toBe(verdict === 'allow'),
  )
})

describe('the boundaries of every registered range', () => {
  it.each([
    ['9.255.255.255', true],
    ['10.0.0.0', false],
    ['10.255.255.255', false],
    ['172.15.255.255', true],
    ['172.32.0.0', true],
    ['192.31.196.7', false],
    ['192.31.197.0', true],
    ['223.255.255.255', true],
    ['224.0.0.0', false],
    ['1fff:ffff::', false],
    ['2000::', true],
    ['2001:1ff:ffff::', false],
    ['2001:200::', true],
    ['2001:db7:ffff::', true],
    ['2003::', true],
    ['2620:4f:8000::1', false],
    ['2620:4f:8001::', true],
    ['4000::', false],
  ])('%s: %s', (address, expected) => expect(allows(address)).toBe(expected))
})

describe('IPv4 inside IPv6', () => {
  it.each([
    ['mapped', '::ffff:8.8.8.8', '::ffff:10.0.0.1'],
    ['ISATAP', '2606:4700::5efe:808:808', '2606:4700::5efe:a00:1'],
    ['ISATAP, universal', '2606:4700::200:5efe:808:808', '2606:4700::200:5efe:7f00:1'],
  ])('%s is judged by what it carries', (_form, good, bad) => {
    expect(allows(good)).toBe(true)
    expect(checkAddress(bad)).toMatchObject({ allowed: false })
  })

  it.each([
    ['NAT64', '64:ff9b::/96', '64:ff9b::808:808', '64:ff9b::a00:1'],
    ['6to4', '2002::/16', '2002:808:808::1', '2002:a00:1::1'],
    ['Teredo server', '2001::/32', '2001:0:808:808::f7f7:f7f7', '2001:0:a00:1::f7f7:f7f7'],
    ['Teredo client', '2001::/32', '2001:0:808:808::f7f7:f7f7', '2001:0:808:808::f5ff:fffe'],
    ['compatible', '::/96', '::808:808', '::a00:1'],
    ['translated', '::ffff:0:0:0/96', '::ffff:0:808:808', '::ffff:0:a00:1'],
  ])('an opened %s range still refuses a private address in it', (_form, cidr, good, bad) => {
    const policy = { allowAddresses: [cidr] }
    expect(allows(good)).toBe(false)
    expect(allows(good, policy)).toBe(true)
    expect(checkAddress(bad, policy)).toMatchObject({ reason: expect.stringContaining('embedded') })
    expect(allows(bad, { allowAddresses: [cidr, '10.0.0.0/8'] })).toBe(true)
  })
})

describe('what a policy opens', () => {
  it('a range, in both spellings of an address, and nothing beside it', () => {
    const policy = resolveNetworkPolicy({
      allowAddresses: ['10.20.0.0/16', '127.0.0.1/32', 'fd12::/16'],
    })
    expect(allows('10.20.3.4', policy)).toBe(true)
    expect(allows('::ffff:127.0.0.1', policy)).toBe(true)
    expect(allows('fd12::9', policy)).toBe(true)
    expect(allows('10.21.0.0', policy)).toBe(false)
    expect(allows('127.0.0.2', policy)).toBe(false)
    expect(allows('fd13::9', policy)).toBe(false)
  })

  it('loopback in development, and no other private range', () => {
    const policy = { development: true }
    expect(
      ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '8.8.8.8'].every((each) =>
        allows(each, policy),
      ),
    ).toBe(true)
    expect(
      ['0.0.0.0', '10.0.0.1', '::', 'fd00::1', '169.254.1.1'].some((each) => allows(each, policy)),
    ).toBe(false)
  })

  it.each([
    '169.254.169.254',
    '::ffff:169.254.169.254',
    'fd00:ec2::254',
    '168.63.129.16',
    '100.100.100.200',
    '192.0.0.192',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '2001:0:808:808::5601:5601',
    '2606:4700::5efe:a9fe:a9fe',
    '64:ff9b:1:a9fe:a9:fe00::',
    '64:ff9b:1::a9fe:a9fe',
  ])('never metadata: %s', (address) => {
    const policy = { allowAddresses: ['0.0.0.0/0', '::/0'], development: true }
    expect(checkAddress(address, policy)).toMatchObject({ allowed: false })
  })
})

describe('never throws', () => {
  it.each([undefined, null, 7, {}, [], '\0', '1'.repeat(99)])('refuses %j', (value) => {
    expect(Reflect.apply(checkAddress, undefined, [value])).toMatchObject({ allowed: false })
  })

  it('refuses everything under a policy that is not valid', () => {
    expect(allows('8.8.8.8', { allowAddresses: ['10.0.0.1/8'] })).toBe(false)
    expect(Reflect.apply(checkAddress, undefined, ['8.8.8.8', null])).toMatchObject({
      allowed: false,
    })
    for (const shape of [{ dnsTimeoutMs: 5 }, { dnsTimeoutMs: 5, allowAddresses: [7] }])
      expect(Reflect.apply(checkAddress, undefined, ['8.8.8.8', shape])).toMatchObject({
        allowed: false,
      })
    vi.stubEnv('NODE_ENV', 'production')
    expect(allows('127.0.0.1', { development: true })).toBe(false)
    vi.unstubAllEnvs()
  })
})

it('names the range in the reason', () => {
  expect(checkAddress('10.0.0.1')).toEqual({
    allowed: false,
    reason: 'private use, 10.0.0.0/8 (RFC 1918)',
  })
})

it('knows public addresses whatever a policy opens', () => {
  expect([isPublicAddress('1.1.1.1'), isPublicAddress('127.0.0.1')]).toEqual([true, false])
})
