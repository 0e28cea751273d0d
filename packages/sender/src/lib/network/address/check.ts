import { type NetworkOptions, type NetworkPolicy, policyFrom } from '../policy'
import { type AddressBytes, inRange, isIPv4, parseAddress } from './bytes'
import { embeddedAddresses, possibleAddresses } from './embedded'
import { type ParsedRange, registries } from './registries'

/** Whether an address may be dialled. `reason` is for logs: it names the range. */
export type AddressVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: string }

const allowed: AddressVerdict = Object.freeze({ allowed: true })

/**
 * Whether a webhook may be sent to an IP address.
 *
 * An allow-list: IPv4 minus the IANA special-purpose registry, IPv6 only 2000::/3 minus its registry; IPv4 inside IPv6 (mapped,
 * NAT64, 6to4, Teredo, compatible, ISATAP) is taken out and judged as well. What is not one canonical literal, or has a zone id, is
 * refused. `policy.allowAddresses` opens further ranges, but never a cloud's metadata address.
 *
 * Never throws: garbage is refused, and so is everything under a policy that is not valid.
 *
 * @example
 * checkAddress('169.254.169.254')                                          // → { allowed: false, reason: 'instance metadata …' }
 * checkAddress('10.1.2.3', { allowAddresses: ['10.0.0.0/8'] })             // → { allowed: true }
 */
export function checkAddress(
  address: string,
  policy: NetworkOptions | NetworkPolicy = {},
): AddressVerdict {
  const resolved = policyFrom(policy)
  if (resolved === undefined) return refuse('the network policy is not valid')
  const bytes = typeof address === 'string' ? parseAddress(address) : undefined
  return bytes === undefined ? refuse('not an IP address') : judge(bytes, resolved)
}

/** Whether the address lies in what the internet at large routes, whatever a policy opens. */
export function isPublicAddress(address: string): boolean {
  return checkAddress(address).allowed
}

function judge(address: AddressBytes, policy: NetworkPolicy): AddressVerdict {
  const inside = isIPv4(address) ? [] : embeddedAddresses(address)
  const metadata = metadataAmong([address, ...inside, ...possibleAddresses(address)])
  if (metadata !== undefined) return refuse(describe(metadata))
  const outer = judgeOne(address, policy)
  if (!outer.allowed) return outer
  const bad = inside.map((embedded) => judgeOne(embedded, policy)).find((each) => !each.allowed)
  return bad === undefined || bad.allowed ? allowed : refuse(`embedded IPv4: ${bad.reason}`)
}

function metadataAmong(addresses: readonly AddressBytes[]): ParsedRange | undefined {
  return registries().metadata.find((range) => addresses.some((each) => inRange(each, range)))
}

function judgeOne(address: AddressBytes, policy: NetworkPolicy): AddressVerdict {
  if (policy.allowAddresses.some((range) => inRange(address, range))) return allowed
  const { ipv4, ipv6, globalUnicast, loopback } = registries()
  if (policy.development && loopback.some((range) => inRange(address, range))) return allowed
  const special = (isIPv4(address) ? ipv4 : ipv6).find((range) => inRange(address, range))
  if (special !== undefined) return refuse(describe(special))
  if (isIPv4(address) || inRange(address, globalUnicast)) return allowed
  return refuse('outside 2000::/3, the global unicast range (RFC 4291)')
}

function describe(range: ParsedRange): string {
  return `${range.name}, ${range.cidr} (${range.source})`
}

function refuse(reason: string): AddressVerdict {
  return { allowed: false, reason }
}
