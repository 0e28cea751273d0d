import { platform } from '#hmac'
import { WebhookError } from '../errors'
import { base64Length, isCanonicalBase64 } from './base64'

export type ParsedSecret =
  | { readonly kind: 'hmac'; readonly key: Uint8Array }
  | {
      readonly kind: 'ed25519-private'
      readonly seed: Uint8Array
      /** Undefined when the secret is the 32-byte seed alone. */
      readonly publicKey: Uint8Array | undefined
    }
  | { readonly kind: 'ed25519-public'; readonly publicKey: Uint8Array }

/** A key pair for `v1a`. The sender keeps `secret`; receivers get `publicKey`. */
export interface GeneratedKeyPair {
  /** `whsk_…` */
  readonly secret: string
  /** `whpk_…` */
  readonly publicKey: string
}

const fewest = 24
const most = 64

/**
 * Reads a secret of the Standard Webhooks specification: `whsec_<base64>` (the prefix may be absent), `whsk_<base64>`
 * or `whpk_<base64>`.
 *
 * @throws WebhookError `invalid_secret` unless it is canonical padded base64 of the right length: 24–64 bytes for
 * `whsec_`, 32 or 64 for `whsk_`, 32 for `whpk_`. The secret is never in the message.
 */
export function parseSecret(secret: string): ParsedSecret {
  if (typeof secret !== 'string') throw invalidSecret('must be a string')
  if (secret.startsWith('whsk_')) return parsePrivate(decode(secret.slice(5)))
  if (secret.startsWith('whpk_')) return parsePublic(decode(secret.slice(5)))
  return { kind: 'hmac', key: parseHmacKey(secret) }
}

function parseHmacKey(secret: string): Uint8Array {
  const key = decode(secret.startsWith('whsec_') ? secret.slice(6) : secret)
  if (key.length < fewest || key.length > most) {
    throw invalidSecret(`must hold ${fewest} to ${most} bytes, not ${key.length}`)
  }
  return key
}

function parsePrivate(bytes: Uint8Array): ParsedSecret {
  if (bytes.length !== 32 && bytes.length !== 64) {
    throw invalidSecret(`with whsk_ must hold 32 or 64 bytes, not ${bytes.length}`)
  }
  return {
    kind: 'ed25519-private',
    seed: bytes.slice(0, 32),
    publicKey: bytes.length === 64 ? bytes.slice(32) : undefined,
  }
}

function parsePublic(bytes: Uint8Array): ParsedSecret {
  if (bytes.length !== 32) {
    throw invalidSecret(`with whpk_ must hold 32 bytes, not ${bytes.length}`)
  }
  return { kind: 'ed25519-public', publicKey: bytes }
}

function decode(text: string): Uint8Array {
  if (text === '') throw invalidSecret('is empty')
  if (text.length > base64Length(most)) throw invalidSecret(`is longer than ${most} bytes`)
  if (!isCanonicalBase64(text)) {
    throw invalidSecret('must be padded standard base64, without spaces or line breaks')
  }
  return platform.fromBase64(text)
}

/**
 * A new secret from the platform's secure random source.
 *
 * @param options `bytes`, 24 to 64, 32 unless told; `type: 'v1a'` makes an ed25519 key pair instead (Node only)
 * @throws WebhookError `invalid_argument`
 */
export function generateSecret(options?: { readonly bytes?: number; readonly type?: 'v1' }): string
export function generateSecret(options: { readonly type: 'v1a' }): GeneratedKeyPair
export function generateSecret({
  bytes = 32,
  type = 'v1',
}: {
  readonly bytes?: number
  readonly type?: 'v1' | 'v1a'
} = {}): string | GeneratedKeyPair {
  if (type === 'v1a') return generatePair()
  if (type !== 'v1') throw invalidArgument("type must be 'v1' or 'v1a'")
  if (!Number.isInteger(bytes) || bytes < fewest || bytes > most) {
    throw invalidArgument(`bytes must be a whole number from ${fewest} to ${most}`)
  }
  return `whsec_${platform.toBase64(platform.randomBytes(bytes))}`
}

function generatePair(): GeneratedKeyPair {
  const pair = platform.ed25519Pair()
  if (pair === undefined) {
    throw invalidArgument("type 'v1a' needs node:crypto; generate the key pair in Node")
  }
  const { seed, publicKey } = pair
  const both = new Uint8Array(64)
  both.set(seed)
  both.set(publicKey, 32)
  return {
    secret: `whsk_${platform.toBase64(both)}`,
    publicKey: `whpk_${platform.toBase64(publicKey)}`,
  }
}

/** Says what a secret must be, never what it was. */
export function invalidSecret(problem: string): WebhookError {
  return new WebhookError('invalid_secret', `A webhook secret ${problem}.`)
}

export function invalidArgument(problem: string): WebhookError {
  return new WebhookError('invalid_argument', `${problem}.`)
}
