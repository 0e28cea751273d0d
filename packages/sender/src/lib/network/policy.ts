import { type Duration, parseDuration } from '@posthorn/schema'
import { type AddressRange, parseAddress, parseRange } from './address/bytes'
import { type ProxyOptions, type ProxyPolicy, resolveProxy } from './proxy'

/** Answers a host name with every address it has. Rejects, or answers none, when it has none. */
export type Lookup = (hostname: string) => Promise<readonly string[]>

/** Where the sender may connect to. Every default is the safe one. */
export interface NetworkOptions {
  /** Admit `http:` URLs. Default false. */
  readonly allowHttp?: boolean
  /** Ranges opened beside the public ones, for instance `['10.20.0.0/16', 'fd12::/16']`. Never opens a cloud's metadata address. */
  readonly allowAddresses?: readonly string[]
  /**
   * Host names admitted although their form is private: single labels, `localhost`, `.internal`, `.local` and the like. An exact
   * name, or `*.name` for all below it. Their addresses are judged all the same, so `allowAddresses` usually goes with it.
   */
  readonly allowHosts?: readonly string[]
  /** `'any'`, or exactly these. Default: 80, 443 and those from 1024 that belong to no database, queue, shell or cluster service. */
  readonly ports?: 'any' | readonly number[]
  /** Every connection goes through this forward proxy, by CONNECT: its URL, or its options. Proxies in the environment are ignored. */
  readonly proxy?: string | ProxyOptions
  /** Speak HTTP/2 with endpoints that offer it over TLS (ALPN), one request at a time on a connection. Default false. */
  readonly http2?: boolean
  /** Resolves host names in place of the system's resolver. */
  readonly lookup?: Lookup
  /** The most that a lookup may take. Default `'5s'`. */
  readonly dnsTimeout?: Duration
  /** Admit `http:`, loopback addresses and `localhost`, and nothing else. A `TypeError` when `NODE_ENV` is `production`. */
  readonly development?: boolean
}

/** Options resolved once, frozen. Made by `resolveNetworkPolicy`. */
export interface NetworkPolicy {
  readonly allowHttp: boolean
  readonly allowAddresses: readonly AddressRange[]
  /** In lower case and ASCII. */
  readonly allowHosts: readonly string[]
  readonly ports: 'default' | 'any' | ReadonlySet<number>
  readonly proxy: ProxyPolicy | undefined
  readonly http2: boolean
  readonly lookup: Lookup | undefined
  readonly dnsTimeoutMs: number
  readonly development: boolean
}

/** The same in every copy of this module: ESM and CommonJS may meet in one process. */
const resolvedMark = Symbol.for('posthorn.networkPolicy')

const known = [
  'allowHttp',
  'allowAddresses',
  'allowHosts',
  'ports',
  'proxy',
  'http2',
  'lookup',
  'dnsTimeout',
  'development',
]

/**
 * Checks and freezes network options; the object given is left as it is.
 *
 * @throws TypeError naming the option that is not valid
 */
export function resolveNetworkPolicy(options: NetworkOptions = {}): NetworkPolicy {
  checkShape(options)
  const development = flag(options.development, 'development')
  if (development && process.env.NODE_ENV === 'production') {
    throw new TypeError('network.development must not be set when NODE_ENV is "production"')
  }
  const policy: NetworkPolicy = {
    allowHttp: flag(options.allowHttp, 'allowHttp') || development,
    allowAddresses: Object.freeze(list(options.allowAddresses, 'allowAddresses').map(toRange)),
    allowHosts: Object.freeze(list(options.allowHosts, 'allowHosts').map(toHostPattern)),
    ports: toPorts(options.ports),
    proxy: resolveProxy(options.proxy),
    http2: flag(options.http2, 'http2'),
    lookup: toLookup(options.lookup),
    dnsTimeoutMs: toTimeout(options.dnsTimeout ?? '5s'),
    development,
  }
  return Object.freeze(Object.defineProperty(policy, resolvedMark, { value: true }))
}

/** Options or a policy as a policy; undefined when they are not valid. */
export function policyFrom(value: NetworkOptions | NetworkPolicy): NetworkPolicy | undefined {
  if (isPolicy(value)) return value
  try {
    return resolveNetworkPolicy(value)
  } catch {
    return undefined
  }
}

/** By its mark and not by its shape, which anybody could give an object that holds no checked ranges. */
function isPolicy(value: NetworkOptions | NetworkPolicy): value is NetworkPolicy {
  return typeof value === 'object' && value !== null && resolvedMark in value
}

function checkShape(options: NetworkOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('network must be an object of options')
  }
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown !== undefined) {
    throw new TypeError(`network: unknown option "${unknown}" (known: ${known.join(', ')})`)
  }
}

function flag(value: boolean | undefined, name: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw new TypeError(`network.${name} must be true or false`)
}

function list(value: readonly string[] | undefined, name: string): readonly string[] {
  const given: unknown = value ?? []
  if (Array.isArray(given) && given.every((item) => typeof item === 'string')) return given
  throw new TypeError(`network.${name} must be an array of strings`)
}

function toRange(text: string): AddressRange {
  const range = parseRange(text)
  if (range !== undefined) return Object.freeze(range)
  throw new TypeError(
    `network.allowAddresses: "${text.slice(0, 64)}" is not an address or a range such as 10.0.0.0/8 without bits behind its prefix`,
  )
}

function toHostPattern(text: string): string {
  const wild = text.startsWith('*.')
  const name = asciiName(wild ? text.slice(2) : text)
  if (name !== undefined) return wild ? `*.${name}` : name
  throw new TypeError(
    `network.allowHosts: "${text.slice(0, 64)}" is not a host name or *.name (addresses go to allowAddresses)`,
  )
}

function asciiName(text: string): string | undefined {
  if (!/^[^\s/?#@:*\\[\]]+$/.test(text) || !URL.canParse(`https://${text}/`)) return undefined
  const name = new URL(`https://${text}/`).hostname.replace(/\.$/, '')
  return parseAddress(name) === undefined ? name : undefined
}

function toPorts(value: NetworkOptions['ports']): NetworkPolicy['ports'] {
  if (value === undefined) return 'default'
  if (value === 'any') return value
  if (Array.isArray(value) && value.length > 0 && value.every(isPort)) return new Set<number>(value)
  throw new TypeError("network.ports must be 'any' or an array of ports from 1 to 65535")
}

function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535
}

function toLookup(value: Lookup | undefined): Lookup | undefined {
  if (value === undefined || typeof value === 'function') return value
  throw new TypeError('network.lookup must be a function from a host name to its addresses')
}

function toTimeout(value: Duration): number {
  const ms = parseDuration(value, 'network.dnsTimeout')
  if (ms > 0 && ms <= 60_000) return ms
  throw new TypeError('network.dnsTimeout must be above 0 and at most 60s')
}
