import { type AddressRange, parseRange } from './bytes'

/** A block of addresses that no webhook is delivered to, and where that is laid down. */
export interface SpecialRange {
  readonly cidr: string
  readonly name: string
  readonly source: string
}

/**
 * IANA IPv4 Special-Purpose Address Registry (2025-10-09) and the multicast registry. What the registry calls globally
 * reachable (anycast carve-outs, AMT, AS112) is in it too: no webhook lives there.
 */
const ipv4: readonly SpecialRange[] = [
  { cidr: '0.0.0.0/8', name: 'this network', source: 'RFC 791' },
  { cidr: '10.0.0.0/8', name: 'private use', source: 'RFC 1918' },
  { cidr: '100.64.0.0/10', name: 'shared address space', source: 'RFC 6598' },
  { cidr: '127.0.0.0/8', name: 'loopback', source: 'RFC 1122' },
  { cidr: '169.254.0.0/16', name: 'link-local', source: 'RFC 3927' },
  { cidr: '172.16.0.0/12', name: 'private use', source: 'RFC 1918' },
  { cidr: '192.0.0.0/24', name: 'protocol assignments', source: 'RFC 6890' },
  { cidr: '192.0.2.0/24', name: 'documentation', source: 'RFC 5737' },
  { cidr: '192.31.196.0/24', name: 'AS112', source: 'RFC 7535' },
  { cidr: '192.52.193.0/24', name: 'AMT', source: 'RFC 7450' },
  { cidr: '192.88.99.0/24', name: '6to4 relay anycast', source: 'RFC 7526' },
  { cidr: '192.168.0.0/16', name: 'private use', source: 'RFC 1918' },
  { cidr: '192.175.48.0/24', name: 'AS112', source: 'RFC 7534' },
  { cidr: '198.18.0.0/15', name: 'benchmarking', source: 'RFC 2544' },
  { cidr: '198.51.100.0/24', name: 'documentation', source: 'RFC 5737' },
  { cidr: '203.0.113.0/24', name: 'documentation', source: 'RFC 5737' },
  { cidr: '224.0.0.0/4', name: 'multicast', source: 'RFC 5771' },
  { cidr: '240.0.0.0/4', name: 'reserved', source: 'RFC 1112' },
]

/** IANA IPv6 Special-Purpose Address Registry (2025-10-09). Outside 2000::/3 a row only lends its name to the refusal. */
const ipv6: readonly SpecialRange[] = [
  { cidr: '::/128', name: 'unspecified', source: 'RFC 4291' },
  { cidr: '::1/128', name: 'loopback', source: 'RFC 4291' },
  { cidr: '::/96', name: 'IPv4-compatible', source: 'RFC 4291' },
  { cidr: '::ffff:0:0:0/96', name: 'IPv4-translated', source: 'RFC 2765' },
  { cidr: '64:ff9b::/96', name: 'NAT64', source: 'RFC 6052' },
  { cidr: '64:ff9b:1::/48', name: 'local-use NAT64', source: 'RFC 8215' },
  { cidr: '100::/64', name: 'discard-only', source: 'RFC 6666' },
  { cidr: '100:0:0:1::/64', name: 'dummy prefix', source: 'RFC 9780' },
  { cidr: '2001::/32', name: 'Teredo', source: 'RFC 4380' },
  { cidr: '2001::/23', name: 'protocol assignments', source: 'RFC 2928' },
  { cidr: '2001:db8::/32', name: 'documentation', source: 'RFC 3849' },
  { cidr: '2002::/16', name: '6to4', source: 'RFC 3056' },
  { cidr: '2620:4f:8000::/48', name: 'AS112', source: 'RFC 7534' },
  { cidr: '3fff::/20', name: 'documentation', source: 'RFC 9637' },
  { cidr: '5f00::/16', name: 'segment routing', source: 'RFC 9602' },
  { cidr: 'fc00::/7', name: 'unique local', source: 'RFC 4193' },
  { cidr: 'fe80::/10', name: 'link-local', source: 'RFC 4291' },
  { cidr: 'fec0::/10', name: 'site-local', source: 'RFC 3879' },
  { cidr: 'ff00::/8', name: 'multicast', source: 'RFC 4291' },
]

/** Where clouds serve credentials to whoever asks from inside. From the clouds' own documentation. */
const metadata: readonly SpecialRange[] = [
  {
    cidr: '169.254.169.254/32',
    name: 'instance metadata',
    source: 'AWS, Azure, Google and others',
  },
  { cidr: 'fd00:ec2::254/128', name: 'instance metadata', source: 'AWS' },
  { cidr: '169.254.170.2/32', name: 'task credentials', source: 'AWS ECS' },
  { cidr: '169.254.170.23/32', name: 'pod credentials', source: 'AWS EKS' },
  { cidr: 'fd00:ec2::23/128', name: 'pod credentials', source: 'AWS EKS' },
  { cidr: 'fd20:ce::254/128', name: 'instance metadata', source: 'Google' },
  { cidr: '168.63.129.16/32', name: 'platform channel', source: 'Azure' },
  { cidr: '100.100.100.200/32', name: 'instance metadata', source: 'Alibaba' },
  { cidr: '192.0.0.192/32', name: 'instance metadata', source: 'Oracle' },
  { cidr: 'fd00:c1::a9fe:a9fe/128', name: 'instance metadata', source: 'Oracle' },
  { cidr: '169.254.42.42/32', name: 'instance metadata', source: 'Scaleway' },
  { cidr: 'fd00:42::42/128', name: 'instance metadata', source: 'Scaleway' },
  { cidr: '169.254.0.23/32', name: 'instance metadata', source: 'Tencent' },
  { cidr: 'fe80::a9fe:a9fe/128', name: 'instance metadata', source: 'OpenStack' },
]

export interface ParsedRange extends SpecialRange, AddressRange {}

export interface Registries {
  readonly ipv4: readonly ParsedRange[]
  readonly ipv6: readonly ParsedRange[]
  readonly metadata: readonly ParsedRange[]
  readonly globalUnicast: AddressRange
  readonly loopback: readonly AddressRange[]
}

let parsed: Registries | undefined

/** The tables above in bytes; read once, on first use. */
export function registries(): Registries {
  parsed ??= Object.freeze({
    ipv4: ipv4.map(parse),
    ipv6: ipv6.map(parse),
    metadata: metadata.map(parse),
    globalUnicast: range('2000::/3'),
    loopback: [range('127.0.0.0/8'), range('::1/128')],
  })
  return parsed
}

function parse(special: SpecialRange): ParsedRange {
  return { ...special, ...range(special.cidr) }
}

function range(cidr: string): AddressRange {
  const result = parseRange(cidr)
  if (result === undefined) throw new TypeError(`a malformed range in the registry: ${cidr}`)
  return result
}
