import { platform } from '#hmac'
import { isMessageId } from '../names'
import { isBase64Of } from './base64'
import {
  buildScheme,
  isTimestampText,
  type Key,
  maxSignatures,
  type Reading,
  type Signature,
} from './engine'
import { type Fields, readFields, writeFields } from './fields'
import { type HeaderValue, headerFinder, malformed, missing, plain } from './headers'
import { hmacKey, remember } from './keys'
import type { HeaderBag, Scheme, SignedMessage, VerifyFailure } from './scheme'
import {
  checkSchemeOptions,
  type ResolvedOptions,
  type SchemeLayout,
  type SchemeOptions,
} from './scheme-options'
import { invalidSecret, parseSecret } from './secret'

const hexDigest = /^[0-9a-f]{64}$/

/**
 * A scheme of the HMAC-SHA256 family, for peers that sign in their own way.
 *
 * @throws TypeError when the options contradict each other
 * @example
 * const github = defineScheme({
 *   name: 'github',
 *   headers: { signature: 'x-hub-signature-256' },
 *   signed: '{body}',
 *   layout: { kind: 'single', prefix: 'sha256=' },
 *   encoding: 'hex',
 *   key: 'utf8',
 * })
 */
export function defineScheme(options: SchemeOptions): Scheme {
  // Keys and signatures are of one kind, so the name labels them all.
  const resolved = checkSchemeOptions(options)
  const { name, headers, layout, covers, encoding } = resolved
  const makeKey = resolved.key === 'utf8' ? utf8Key : base64Key
  return buildScheme({
    name,
    covers,
    headers: [headers.id, headers.timestamp, headers.signature].filter(
      (header) => header !== undefined,
    ),
    room: layout.kind === 'single' ? 1 : maxSignatures,
    key: remember((secret) => makeKey(secret, resolved)),
    prefix: prefixOf(resolved.signed),
    read: reader(resolved),
    isWellFormed: ({ text }) => (encoding === 'hex' ? hexDigest.test(text) : isBase64Of(32, text)),
    write: (message, signatures) => write(resolved, message, signatures),
  })
}

function utf8Key(secret: string, { name, encoding }: ResolvedOptions): Key {
  if (typeof secret !== 'string') throw invalidSecret('must be a string')
  if (secret === '') throw invalidSecret('is empty')
  if (secret.length > 1_024) throw invalidSecret('is longer than 1024 characters')
  return hmacKey(platform.utf8(secret), encoding, name)
}

function base64Key(secret: string, { name, encoding }: ResolvedOptions): Key {
  const parsed = parseSecret(secret)
  if (parsed.kind !== 'hmac') throw invalidSecret('of this scheme must be symmetric: whsec_…')
  return hmacKey(parsed.key, encoding, name)
}

/** Splits the template once, so that nothing is searched per message. */
function prefixOf(signed: string): (id?: string, timestamp?: string) => string {
  const parts = signed.slice(0, -'{body}'.length).split(/(\{id\}|\{timestamp\})/)
  return (id, timestamp) =>
    parts.map((part) => (part === '{id}' ? id : part === '{timestamp}' ? timestamp : part)).join('')
}

function reader(options: ResolvedOptions): (bag: HeaderBag) => Reading | VerifyFailure {
  const { name: label, headers, covers } = options
  const find = headerFinder([
    headers.signature,
    headers.id ?? headers.signature,
    headers.timestamp ?? headers.signature,
  ])
  return (bag) => {
    const [signature = missing, idHeader, timestampHeader] = find(bag)
    const id = headers.id === undefined ? undefined : plain(idHeader)
    const stamp = headers.timestamp === undefined ? undefined : plain(timestampHeader)
    if (typeof id === 'object') return id
    if (typeof stamp === 'object') return stamp
    const fields = readSignatures(signature, options.layout)
    if ('ok' in fields) return fields
    const timestamp = stamp ?? fields.timestamp
    if (id !== undefined && !isMessageId(id)) return malformed
    if (covers.time && !isTimestampText(timestamp)) return malformed
    return { id, timestamp, signatures: fields.signatures.map((text) => ({ label, text })) }
  }
}

function readSignatures(header: HeaderValue, layout: SchemeLayout): Fields | VerifyFailure {
  if (layout.kind === 'fields') {
    return typeof header === 'string' ? readFields(header, layout, maxSignatures) : header
  }
  const value = plain(header)
  if (typeof value !== 'string') return value
  const { prefix = '' } = layout
  return value.startsWith(prefix)
    ? { timestamp: undefined, signatures: [value.slice(prefix.length)] }
    : malformed
}

function write(
  { headers, layout }: ResolvedOptions,
  { id, timestamp }: SignedMessage,
  signatures: readonly Signature[],
): Record<string, string> {
  const texts = signatures.map(({ text }) => text)
  return {
    ...(headers.id === undefined ? {} : { [headers.id]: id }),
    ...(headers.timestamp === undefined ? {} : { [headers.timestamp]: String(timestamp) }),
    [headers.signature]:
      layout.kind === 'single'
        ? (layout.prefix ?? '').concat(...texts)
        : writeFields(layout, String(timestamp), texts),
  }
}
