import { parseAddress } from './address/bytes'
import { checkAddress } from './address/check'
import { isPossibleHost, refusedHost } from './hosts'
import { type NetworkOptions, type NetworkPolicy, policyFrom } from './policy'
import { isPortAllowed } from './ports'
import { hostOf, portOf } from './url-parts'

/** `reason` is for logs; `message` is a sentence that may be shown to whoever gave the URL. */
export type UrlVerdict =
  | { readonly allowed: true; readonly url: URL }
  | {
      readonly allowed: false
      readonly code: 'invalid_url' | 'forbidden_address'
      readonly reason: string
      readonly message: string
    }

/**
 * Whether a webhook may be sent to a URL, so far as can be said without a lookup: the names that pass are judged again by their
 * addresses at every connection.
 *
 * https only unless `allowHttp`; no user name or password; no private host name unless `allowHosts` lists it; an IP literal, in
 * every spelling that the WHATWG URL standard reads as one, is judged by `checkAddress`; the port as `ports` says. `url` is what
 * that standard made of the text, and the only reading that is connected to.
 *
 * Never throws.
 *
 * @example
 * checkUrl('https://0x7f.1/')                       // → { allowed: false, code: 'forbidden_address', … }
 * checkUrl('https://hooks.example.com/in')          // → { allowed: true, url }
 */
export function checkUrl(url: string, policy: NetworkOptions | NetworkPolicy = {}): UrlVerdict {
  const resolved = policyFrom(policy)
  if (resolved === undefined) return invalid('the network policy is not valid', notAccepted)
  const parsed = parse(url)
  if (parsed === undefined)
    return invalid('not an absolute URL', 'The URL is not an absolute https URL.')
  return (
    checkForm(parsed, resolved) ?? checkHost(parsed, resolved) ?? { allowed: true, url: parsed }
  )
}

const notAccepted = 'The URL cannot be accepted.'

// The URL parser drops spaces and line breaks: what it would repair is not taken for a URL.
const controls = /[\0-\x20\x7f]/

function parse(text: string): URL | undefined {
  if (typeof text !== 'string' || controls.test(text) || !URL.canParse(text)) return undefined
  return new URL(text)
}

function checkForm(url: URL, policy: NetworkPolicy): UrlVerdict | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return invalid('a scheme other than https', 'The URL must begin with https://.')
  }
  if (url.protocol === 'http:' && !policy.allowHttp) {
    return invalid('http, where allowHttp is not set', 'The URL must begin with https://.')
  }
  if (url.username !== '' || url.password !== '') {
    return invalid('user information', 'The URL must not contain a user name or a password.')
  }
  const port = portOf(url)
  if (isPortAllowed(port, policy)) return undefined
  return invalid(`port ${port}`, `Webhooks are not delivered to port ${port}.`)
}

function checkHost(url: URL, policy: NetworkPolicy): UrlVerdict | undefined {
  const host = hostOf(url)
  if (parseAddress(host) !== undefined) {
    const verdict = checkAddress(host, policy)
    return verdict.allowed ? undefined : forbidden(verdict.reason)
  }
  if (!isPossibleHost(host)) return invalid('not a host name', 'The URL’s host name is not valid.')
  const refused = refusedHost(host, policy)
  return refused === undefined ? undefined : forbidden(refused)
}

function invalid(reason: string, message: string): UrlVerdict {
  return { allowed: false, code: 'invalid_url', reason, message }
}

function forbidden(reason: string): UrlVerdict {
  const message = 'The URL points to an address or a host name that webhooks are not delivered to.'
  return { allowed: false, code: 'forbidden_address', reason, message }
}
