import { platform } from '#hmac'
import { isMessageId } from '../names'
import { base64Length, isCanonicalBase64 } from './base64'
import {
  buildScheme,
  isTimestampText,
  type Key,
  type Made,
  maxSignatures,
  type Reading,
} from './engine'
import { type Fields, readFields, writeFields } from './fields'
import { malformed, readHeader, readPlainHeader } from './headers'
import { hmacKey, remember } from './keys'
import type { HeaderBag, Scheme, SignedMessage, VerifyFailure } from './scheme'
import {
  checkSchemeOptions,
  type ResolvedOptions,
  type SchemeLayout,
  type SchemeOptions,
} from './scheme-options'
import { invalidSecret, parseSecret } from './secret'

/** The length of an HMAC-SHA256. */
const digestLength = 32
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
  const resolved = checkSchemeOptions(options)
  const { name, headers, layout, covers } = resolved
  return buildScheme({
    name,
    covers,
    headers: [headers.id, headers.timestamp, headers.signature].filter(
      (header) => header !== undefined,
    ),
    room: layout.kind === 'single' ? 1 : maxSignatures,
    key: remember(resolved.key === 'utf8' ? utf8Key : base64Key),
    prefix: prefixOf(resolved.signed),
    read: (bag) => read(resolved, bag),
    write: (message, signatures) => write(resolved, message, signatures),
  })
}

/** The label of every key and candidate of such a scheme: there is but one kind. */
const label = 'hmac'

function utf8Key(secret: string): Key {
  if (typeof secret !== 'string') throw invalidSecret('must be a string')
  if (secret === '') throw invalidSecret('is empty')
  if (secret.length > 1_024) throw invalidSecret('is longer than 1024 characters')
  return hmacKey(platform.utf8(secret), label)
}

function base64Key(secret: string): Key {
  const parsed = parseSecret(secret)
  if (parsed.kind !== 'hmac') throw invalidSecret('of this scheme must be symmetric: whsec_…')
  return hmacKey(parsed.key, label)
}

/** Splits the template once, so that nothing is searched per message. */
function prefixOf(signed: string): (id: string, timestamp: string) => string {
  const parts = signed.slice(0, -'{body}'.length).split(/(\{id\}|\{timestamp\})/)
  return (id, timestamp) =>
    parts.map((part) => (part === '{id}' ? id : part === '{timestamp}' ? timestamp : part)).join('')
}

function read(options: ResolvedOptions, bag: HeaderBag): Reading | VerifyFailure {
  const { headers, layout, encoding } = options
  const id = optionalHeader(bag, headers.id)
  if (typeof id === 'object') return id
  const stamp = optionalHeader(bag, headers.timestamp)
  if (typeof stamp === 'object') return stamp
  const found = readSignatures(bag, headers.signature, layout)
  if ('ok' in found) return found
  const timestamp = stamp ?? found.timestamp
  if (id !== undefined && !isMessageId(id)) return malformed
  if (options.covers.time && !(timestamp !== undefined && isTimestampText(timestamp))) {
    return malformed
  }
  const candidates = found.signatures.flatMap((text) => decode(text, encoding))
  return candidates.length === 0 ? malformed : { id, timestamp, candidates }
}

function optionalHeader(
  bag: HeaderBag,
  name: string | undefined,
): string | undefined | VerifyFailure {
  return name === undefined ? undefined : readPlainHeader(bag, name)
}

function readSignatures(
  bag: HeaderBag,
  name: string,
  layout: SchemeLayout,
): Fields | VerifyFailure {
  if (layout.kind === 'fields') {
    const header = readHeader(bag, name)
    if (typeof header !== 'string') return header
    return readFields(header, layout, maxSignatures)
  }
  const header = readPlainHeader(bag, name)
  if (typeof header !== 'string') return header
  const { prefix = '' } = layout
  return header.startsWith(prefix)
    ? { timestamp: undefined, signatures: [header.slice(prefix.length)] }
    : malformed
}

function decode(text: string, encoding: 'hex' | 'base64'): { label: string; bytes: Uint8Array }[] {
  if (encoding === 'hex') {
    return hexDigest.test(text) ? [{ label, bytes: platform.fromHex(text) }] : []
  }
  const fits = text.length === base64Length(digestLength) && isCanonicalBase64(text)
  return fits ? [{ label, bytes: platform.fromBase64(text) }] : []
}

function write(
  { headers, layout, encoding }: ResolvedOptions,
  { id, timestamp }: SignedMessage,
  signatures: readonly Made[],
): Record<string, string> {
  const texts = signatures.map(({ bytes }) =>
    encoding === 'hex' ? platform.toHex(bytes) : platform.toBase64(bytes),
  )
  return {
    ...(headers.id === undefined ? {} : { [headers.id]: id }),
    ...(headers.timestamp === undefined ? {} : { [headers.timestamp]: String(timestamp) }),
    [headers.signature]:
      layout.kind === 'single'
        ? `${layout.prefix ?? ''}${texts.join('')}`
        : writeFields(layout, String(timestamp), texts),
  }
}
