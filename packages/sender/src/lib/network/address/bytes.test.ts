import { describe, expect, it } from 'vitest'
import { inRange, isIPv4, parseAddress, parseRange, sameAddress } from './bytes'

const hex = (text: string) => {
  const bytes = parseAddress(text)
  return bytes && Buffer.from(bytes).toString('hex')
}

const range = (text: string) => {
  const parsed = parseRange(text)
  if (parsed === undefined) throw new Error(`not a range: ${text}`)
  return parsed
}

const holds = (cidr: string, address: string) => {
  const bytes = parseAddress(address)
  return bytes !== undefined && inRange(bytes, range(cidr))
}

describe('parseAddress', () => {
  it.each([
    ['0.0.0.0', '00000000000000000000ffff00000000'],
    ['192.168.1.254', '00000000000000000000ffffc0a801fe'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['1::', '00010000000000000000000000000000'],
    ['2001:db8::a:b', '20010db80000000000000000000a000b'],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['::ffff:10.0.0.1', '00000000000000000000ffff0a000001'],
    ['64:ff9b::1.2.3.4', '0064ff9b000000000000000001020304'],
    ['1:2:3:4:5:6:7.8.9.10', '0001000200030004000500060708090a'],
  ])('reads %s', (text, bytes) => {
    expect(hex(text)).toBe(bytes)
  })

  it.each([
    '',
    '1',
    '1.2.3',
    '01.2.3.4',
    '0x7f.0.0.1',
    '1.2.3.4 ',
    '[::1]',
    'fe80::1%eth0',
    '1.2.3.4%1',
    '::1::',
    'x',
  ])('refuses %j', (text) => expect(parseAddress(text)).toBeUndefined())

  it('gives an IPv4 address and its mapped form the same bytes', () => {
    const [plain, mapped] = [parseAddress('127.0.0.1'), parseAddress('::ffff:7f00:1')]
    expect(plain && mapped && sameAddress(plain, mapped)).toBe(true)
    expect(plain && isIPv4(plain)).toBe(true)
  })
})

describe('parseRange and inRange', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['100.64.0.0/10', '100.127.255.255', true],
    ['100.64.0.0/10', '100.128.0.0', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.2', false],
    ['10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['0.0.0.0/0', '9.9.9.9', true],
    ['0.0.0.0/0', '2000::1', false],
    ['::/0', '2000::1', true],
    ['::/0', '9.9.9.9', false],
    ['fc00::/7', 'fdff::1', true],
    ['fc00::/7', 'fe00::1', false],
    ['2001:db8::/32', '2001:db8:ffff::', true],
    ['::ffff:10.0.0.0/104', '10.9.9.9', true],
  ])('%s holds %s: %s', (cidr, address, expected) => expect(holds(cidr, address)).toBe(expected))

  it.each([
    '10.0.0.1/8',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '/8',
    '::1/64',
    '::/129',
    'a/8',
    '10.0.0.0/-1',
  ])('refuses %j', (text) => expect(parseRange(text)).toBeUndefined())
})
