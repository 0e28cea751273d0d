import { WebhookError } from '@posthorn/schema'
import type { Scheme } from '@posthorn/schema/signature'
import { isPlainObject } from '../checks'

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/
const owned = new Set([
  'host',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'transfer-encoding',
  'accept-encoding',
  'user-agent',
  'date',
  'via',
  'forwarded',
  'cookie',
  'origin',
  'referer',
])
const ownedPrefixes = ['content-', 'proxy-', 'webhook-', 'sec-', 'x-forwarded-']

/**
 * Headers that an endpoint's owner may add. Those that HTTP framing (RFC 9110, 9112), proxies or a signature own are refused, so that an
 * owner cannot make a request say what it does not.
 */
export function checkHeaders(
  value: unknown,
  schemes: ReadonlyMap<string, Scheme>,
): Readonly<Record<string, string>> {
  if (!isPlainObject(value)) throw invalid('headers', 'must be a plain object of strings')
  const entries = Object.entries(value)
  if (entries.length > 32) throw invalid('headers', 'are more than 32')
  const signed = new Set([...schemes.values()].flatMap((scheme) => scheme.headers))
  const headers: Record<string, string> = Object.create(null)
  for (const [name, text] of entries) {
    const lower = name.toLowerCase()
    if (!token.test(name)) throw invalid('headers', 'have a name that is not an HTTP token')
    if (isOwned(lower) || signed.has(lower))
      throw invalid(lower, 'is set by the sender and cannot be an endpoint header')
    if (lower in headers) throw invalid(lower, 'is given twice')
    if (typeof text !== 'string' || !/^[\t\x20-\x7e\x80-\xff]{0,4096}$/.test(text)) {
      throw invalid(lower, 'has a value that HTTP does not allow')
    }
    headers[lower] = text
  }
  return headers
}

function isOwned(name: string): boolean {
  return owned.has(name) || ownedPrefixes.some((prefix) => name.startsWith(prefix))
}

function invalid(field: string, rule: string): WebhookError {
  return new WebhookError('invalid_header', `Endpoint header \`${field}\` ${rule}.`, {
    details: { field },
  })
}
