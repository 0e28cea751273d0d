import { WebhookError } from '@posthorn/schema'
import type { Scheme } from '@posthorn/schema/signature'
import { checkFields, isPlainObject, refusal } from '../checks'
import type { EndpointRecord } from '../model/endpoint'
import type { SecretBox, SecretOwner } from '../secrets'

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
const ownedPrefixes = ['content-', 'proxy-', 'webhook-', 'svix-', 'sec-', 'x-forwarded-']
/** Where a scheme signs, of whatever name: the sender may be given that scheme later. */
const signature = /(?:^|-)(?:signature|hmac)(?:-|$)/

/** A header's value; a sensitive one is write-only. Without `value`, a sensitive header keeps the one it has. */
export type HeaderInput = string | { readonly sensitive: true; readonly value?: string }

/** A header as its owner sees it. What a view shows can be given back in an update. */
export type HeaderView = string | { readonly sensitive: true }

export interface CheckedHeaders {
  readonly headers: Readonly<Record<string, string>>
  /** Still to be sealed; undefined keeps what is there. */
  readonly sensitiveHeaders: Readonly<Record<string, string | undefined>>
}

/** Its value is a credential whoever gives it, and however. */
const alwaysSensitive = 'authorization'

/**
 * Headers that an endpoint's owner may add. Those that HTTP framing (RFC 9110, 9112), proxies or a signature own are refused, so that an
 * owner cannot make a request say what it does not.
 */
export function checkHeaders(value: unknown, schemes: ReadonlyMap<string, Scheme>): CheckedHeaders {
  if (!isPlainObject(value)) throw invalid('headers', 'must be a plain object')
  const entries = Object.entries(value)
  if (entries.length > 32) throw invalid('headers', 'are more than 32')
  const signed = new Set([...schemes.values()].flatMap((scheme) => scheme.headers))
  const headers: Record<string, string> = Object.create(null)
  const sensitiveHeaders: Record<string, string | undefined> = Object.create(null)
  for (const [name, given] of entries) {
    const lower = name.toLowerCase()
    if (!token.test(name)) throw invalid('headers', 'have a name that is not an HTTP token')
    if (isOwned(lower) || signed.has(lower))
      throw invalid(lower, 'is set by the sender and cannot be an endpoint header')
    if (lower in headers || lower in sensitiveHeaders) throw invalid(lower, 'is given twice')
    const { isSensitive, text } = read(lower, given)
    if (text !== undefined && !isSensitive) headers[lower] = text
    else sensitiveHeaders[lower] = text
  }
  return { headers, sensitiveHeaders }
}

function read(name: string, given: unknown): { isSensitive: boolean; text: string | undefined } {
  if (!isPlainObject(given))
    return { isSensitive: name === alwaysSensitive, text: checkValue(name, given) }
  checkFields(name, given, ['value', 'sensitive'], invalid)
  if (given.sensitive !== true) throw invalid(name, 'has a `sensitive` that is not true')
  return {
    isSensitive: true,
    text: given.value === undefined ? undefined : checkValue(name, given.value),
  }
}

function checkValue(name: string, text: unknown): string {
  if (typeof text === 'string' && /^[\t\x20-\x7e\x80-\xff]{0,4096}$/.test(text)) return text
  throw invalid(name, 'has a value that HTTP does not allow')
}

/** The sealed headers of a record; those without a new value are kept, and must be there. */
export async function sealHeaders(
  box: SecretBox,
  owner: SecretOwner,
  wanted: CheckedHeaders['sensitiveHeaders'],
  before: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>> | undefined> {
  const entries = Object.entries(wanted).map(async ([name, value]) => {
    const sealed = value === undefined ? keptOf(before, name) : await box.seal(value, owner)
    return [name, sealed] as const
  })
  return entries.length === 0 ? undefined : Object.fromEntries(await Promise.all(entries))
}

function keptOf(before: Readonly<Record<string, string>>, name: string): string {
  const kept = Object.hasOwn(before, name) ? before[name] : undefined
  if (kept === undefined) throw invalid(name, 'has no value to keep: give its `value`')
  return kept
}

export function viewHeaders({
  headers,
  sealedHeaders = {},
}: Pick<EndpointRecord, 'headers' | 'sealedHeaders'>): Readonly<Record<string, HeaderView>> {
  const sealed = Object.keys(sealedHeaders).map((name) => [name, { sensitive: true }] as const)
  return { ...headers, ...Object.fromEntries(sealed) }
}

/**
 * Refuses to send to another origin what its owner cannot read any more: who may change the URL could otherwise have it sent to themselves.
 */
export function checkNoneMoves(before: EndpointRecord, patch: Moving): void {
  const { url = before.url, sensitiveHeaders } = patch
  if (new URL(before.url).origin === new URL(url).origin) return
  const kept =
    sensitiveHeaders === undefined
      ? Object.keys(before.sealedHeaders ?? {})
      : Object.keys(sensitiveHeaders).filter((name) => sensitiveHeaders[name] === undefined)
  const rule = 'must be given again, or taken away, when `url` moves to another origin'
  if (kept[0] !== undefined) throw invalid(kept[0], rule)
  if (before.authorization !== undefined && !('authorization' in patch))
    throw refusal('invalid_endpoint')('authorization', rule)
}

interface Moving extends Partial<Pick<CheckedHeaders, 'sensitiveHeaders'>> {
  readonly url?: string | undefined
  readonly authorization?: unknown
}

function isOwned(name: string): boolean {
  const isPrefixed = ownedPrefixes.some((prefix) => name.startsWith(prefix))
  return owned.has(name) || isPrefixed || signature.test(name)
}

function invalid(field: string, rule: string): WebhookError {
  return new WebhookError('invalid_header', `Endpoint header \`${field}\` ${rule}.`, {
    details: { field },
  })
}
