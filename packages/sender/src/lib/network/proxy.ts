import { Buffer } from 'node:buffer'
import { leafOf } from './tls-settings'
import { hostOf, portOf } from './url-parts'

/** A forward proxy. It is the host's own: its address is not judged, and its faults are never an endpoint's. */
export interface ProxyOptions {
  /** `http:` or `https:`, without a path. A user name and a password in it go out as Basic credentials (RFC 7617), and into no log. */
  readonly url: string
  /** Sent with each CONNECT, for instance `proxy-authorization`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Authorities to trust in place of the system's, in PEM, where the proxy is reached over TLS. */
  readonly ca?: string
  /**
   * Who resolves host names. `'here'`: names are resolved and judged as without a proxy, and the proxy is asked for the address that was
   * judged. `'proxy'`: it is asked for the name; then it, and not the sender, keeps names from leading to private addresses, as
   * egress proxies do. Default `'here'`.
   */
  readonly resolve?: 'here' | 'proxy'
}

/** A proxy resolved once, frozen. */
export interface ProxyPolicy {
  readonly hostname: string
  readonly port: number
  readonly secure: boolean
  /** Header lines of each CONNECT. */
  readonly head: string
  readonly ca: string | undefined
  readonly resolve: 'here' | 'proxy'
}

const known = ['url', 'headers', 'ca', 'resolve']
const reserved = new Set(['host', 'connection', 'content-length', 'transfer-encoding'])

/** @throws TypeError naming the option that is not valid, without its value: it may hold a password */
export function resolveProxy(value: string | ProxyOptions | undefined): ProxyPolicy | undefined {
  if (value === undefined) return undefined
  const options: ProxyOptions = typeof value === 'string' ? { url: value } : value
  if (typeof options !== 'object' || options === null)
    throw invalid('', 'must be a URL or an object')
  const stray = Object.keys(options).find((key) => !known.includes(key))
  if (stray !== undefined)
    throw invalid('', `has no option "${stray}" (known: ${known.join(', ')})`)
  const { ca, resolve = 'here' } = options
  if (ca !== undefined && (typeof ca !== 'string' || leafOf(ca) === undefined))
    throw invalid('.ca', 'must be certificates in PEM')
  if (resolve !== 'here' && resolve !== 'proxy')
    throw invalid('.resolve', "must be 'here' or 'proxy'")
  const url = toUrl(options.url)
  return Object.freeze({
    hostname: hostOf(url),
    port: portOf(url),
    secure: url.protocol === 'https:',
    head: toHead(url, options.headers ?? {}),
    ca,
    resolve,
  })
}

function toUrl(text: unknown): URL {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw invalid('.url', 'must be an http: or https: URL')
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw invalid('.url', 'must have no path')
  return url
}

function toHead(url: URL, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => {
    const isHeader = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) && !reserved.has(name.toLowerCase())
    if (!isHeader)
      throw invalid('.headers', 'must have names that HTTP allows and CONNECT does not set')
    if (typeof value !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw invalid('.headers', 'must have values that HTTP allows')
    return `${name}: ${value}\r\n`
  })
  if (url.username !== '' || url.password !== '')
    lines.push(`proxy-authorization: ${basic(url)}\r\n`)
  return lines.join('')
}

function basic({ username, password }: URL): string {
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return `Basic ${Buffer.from(credentials).toString('base64')}`
  } catch {
    throw invalid('.url', 'must have a user name and a password in valid percent-encoding')
  }
}

function invalid(field: string, rule: string): TypeError {
  return new TypeError(`network.proxy${field} ${rule}`)
}
