import { type AddressBytes, type AddressRange, embeddedIPv4, inRange, parseRange } from './bytes'

/** A way of writing an IPv4 address inside an IPv6 one, which a router may undo. */
interface Form {
  readonly cidr: string
  /** Where the four bytes begin, and what they are inverted by. */
  readonly at: readonly { readonly offset: number; readonly mask?: number }[]
}

const forms: readonly Form[] = [
  // ::a.b.c.d (RFC 4291, deprecated)
  { cidr: '::/96', at: [{ offset: 12 }] },
  // ::ffff:0:a.b.c.d (RFC 2765)
  { cidr: '::ffff:0:0:0/96', at: [{ offset: 12 }] },
  // NAT64 (RFC 6052)
  { cidr: '64:ff9b::/96', at: [{ offset: 12 }] },
  // 6to4 (RFC 3056)
  { cidr: '2002::/16', at: [{ offset: 2 }] },
  // Teredo (RFC 4380): server, then client, inverted
  { cidr: '2001::/32', at: [{ offset: 4 }, { offset: 12, mask: 0xff }] },
]

let parsed: readonly (Form & { readonly range: AddressRange })[] | undefined

/** Every IPv4 address written inside an IPv6 one in a form whose place is known. */
export function embeddedAddresses(address: AddressBytes): readonly AddressBytes[] {
  if (isUnspecifiedOrLoopback(address)) return []
  const found = known()
    .filter((form) => inRange(address, form.range))
    .flatMap((form) => form.at.map(({ offset, mask }) => embeddedIPv4(address, offset, mask)))
  return isIsatap(address) ? [...found, embeddedIPv4(address, 12)] : found
}

/** Readings of the local-use NAT64 block, whose prefix length only its operator knows (RFC 8215). */
export function possibleAddresses(address: AddressBytes): readonly AddressBytes[] {
  if (!inRange(address, localNat64())) return []
  const [, , , , , , a = 0, b = 0, , c = 0, d = 0] = address
  return [embeddedIPv4(address, 12), embeddedIPv4(Uint8Array.of(a, b, c, d), 0)]
}

// :: and ::1 lie in the compatible range, and carry nothing.
function isUnspecifiedOrLoopback(address: AddressBytes): boolean {
  return address.every((byte, at) => byte === 0 || (at === 15 && byte === 1))
}

// ISATAP (RFC 5214): interface id 0000:5efe or 0200:5efe, then the IPv4 address, under any prefix.
function isIsatap(address: AddressBytes): boolean {
  const [first, second, third, fourth] = address.subarray(8, 12)
  return (first === 0 || first === 2) && second === 0 && third === 0x5e && fourth === 0xfe
}

let nat64: AddressRange | undefined

function localNat64(): AddressRange {
  nat64 ??= rangeOf('64:ff9b:1::/48')
  return nat64
}

function known() {
  parsed ??= forms.map((form) => ({ ...form, range: rangeOf(form.cidr) }))
  return parsed
}

function rangeOf(cidr: string): AddressRange {
  const range = parseRange(cidr)
  if (range === undefined) throw new TypeError(`a malformed range in the table of forms: ${cidr}`)
  return range
}
