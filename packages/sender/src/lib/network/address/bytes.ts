import { isIP } from 'node:net'

/** An address as 16 bytes. IPv4 takes its mapped form, `::ffff:a.b.c.d`, so that one comparison serves both families. */
export type AddressBytes = Uint8Array

export interface AddressRange {
  readonly bytes: AddressBytes
  /** Length of the prefix, counted over all 16 bytes. */
  readonly bits: number
}

const mappedBits = 96

/** Undefined for whatever is not one canonical literal: other spellings, zone ids, text. */
export function parseAddress(text: string): AddressBytes | undefined {
  if (text.includes('%')) return undefined
  const family = isIP(text)
  if (family === 4) return parseIPv4(text)
  return family === 6 ? parseIPv6(text) : undefined
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a bare address. Undefined when malformed, or when bits are set behind the prefix. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', length, ...more] = text.split('/')
  const bytes = parseAddress(address)
  if (bytes === undefined || more.length > 0) return undefined
  const width = address.includes(':') ? 128 : 32
  if (length !== undefined && !/^(?:0|[1-9]\d{0,2})$/.test(length)) return undefined
  const own = length === undefined ? width : Number(length)
  if (own > width) return undefined
  const bits = own + 128 - width
  return hasBitsAfter(bytes, bits) ? undefined : { bytes, bits }
}

/** Whether the range holds the address. A prefix shorter than the mapped one speaks of IPv6 only: `::/0` opens no IPv4. */
export function inRange(address: AddressBytes, range: AddressRange): boolean {
  if (range.bits < mappedBits && isIPv4(address)) return false
  const whole = range.bits >> 3
  for (let at = 0; at < whole; at++) {
    if (address[at] !== range.bytes[at]) return false
  }
  const rest = range.bits & 7
  if (rest === 0) return true
  const mask = 0xff00 >> rest
  return ((address[whole] ?? 0) & mask) === ((range.bytes[whole] ?? 0) & mask)
}

/** Whether these bytes are an IPv4 address in its mapped form. */
export function isIPv4(address: AddressBytes): boolean {
  for (let at = 0; at < 10; at++) {
    if (address[at] !== 0) return false
  }
  return address[10] === 0xff && address[11] === 0xff
}

export function sameAddress(one: AddressBytes, other: AddressBytes): boolean {
  return one.every((byte, at) => byte === other[at])
}

/** The IPv4 address in four bytes from `at`, each inverted by `mask`, in its mapped form. */
export function embeddedIPv4(address: AddressBytes, at: number, mask = 0): AddressBytes {
  const bytes = new Uint8Array(16)
  bytes.fill(0xff, 10, 12)
  for (let index = 0; index < 4; index++) bytes[12 + index] = (address[at + index] ?? 0) ^ mask
  return bytes
}

function parseIPv4(text: string): AddressBytes {
  return embeddedIPv4(Uint8Array.from(text.split('.'), Number), 0)
}

function parseIPv6(text: string): AddressBytes {
  const [head = '', tail] = text.split('::')
  const bytes = new Uint8Array(16)
  const front = groupBytes(head)
  bytes.set(front, 0)
  if (tail !== undefined) {
    const back = groupBytes(tail)
    bytes.set(back, 16 - back.length)
  }
  return bytes
}

function groupBytes(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

function hasBitsAfter(bytes: AddressBytes, bits: number): boolean {
  return bytes.some((byte, at) => {
    const kept = Math.min(8, Math.max(0, bits - at * 8))
    return (byte & (0xff >> kept)) !== 0
  })
}
