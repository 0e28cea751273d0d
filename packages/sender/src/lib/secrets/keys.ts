import { createHash } from 'node:crypto'
import type { Duration } from '@posthorn/schema'
import { checkKeys, methods, positiveDuration } from '../check-options'
import { aesKey, keyBytes } from './aes-gcm'
import { localKey } from './local-key'
import type { SealingKey } from './sealing-key'
import { type ServiceCalls, serviceKey } from './service-key'

/**
 * A key of the ring that encrypts secrets at rest: 32 random bytes, or a service that keeps the key.
 *
 * `id` is stored with what the key sealed: 1 to 64 of `A-Z a-z 0-9 _ -`. Never give another key the id of an older one.
 */
export type SecretKey = LocalKey | ServiceKey

export interface LocalKey {
  readonly id: string
  /** 32 random bytes, or their base64 text: `openssl rand -base64 32`. */
  readonly key: Uint8Array | string
}

export interface ServiceKey {
  readonly id: string
  readonly service: KeyService
  /** How long what the service opened is kept in memory. Default `'5m'`. */
  readonly cacheFor?: Duration
}

/**
 * A key management service (AWS KMS, Google Cloud KMS, Vault transit). Each secret is sealed locally under a key of its own, and the service
 * encrypts that key: 32 bytes.
 *
 * Laws: `decrypt` of what `encrypt` answered, with an equal context, answers the same bytes. Either rejects when the service cannot be reached;
 * an answer that takes longer than the sender's `timeout` counts as that.
 */
export interface KeyService {
  encrypt(plaintext: Uint8Array, context: KeyContext): Promise<Uint8Array>
  decrypt(ciphertext: Uint8Array, context: KeyContext): Promise<Uint8Array>
}

/** Whose secret it is: the encryption context of AWS KMS, associated data elsewhere. */
export type KeyContext = Readonly<Record<'tenantId' | 'endpointId', string>>

const fewestDistinctBytes = 8

/** Throws `TypeError`, which never quotes a key. */
export function resolveKeys(
  keys: readonly SecretKey[] | undefined,
  calls: ServiceCalls,
): readonly SealingKey[] {
  if (keys === undefined) return []
  if (!Array.isArray(keys) || keys.length === 0)
    throw new TypeError('keys must be an array of at least one key: the first encrypts')
  const taken: Taken = { ids: new Set(), keys: new Set() }
  return Object.freeze(
    keys.map((entry, index) => resolveKey(entry, `keys[${index}]`, calls, taken)),
  )
}

interface Taken {
  readonly ids: Set<string>
  /** Digests. */
  readonly keys: Set<string>
}

function resolveKey(
  entry: SecretKey,
  where: string,
  calls: ServiceCalls,
  taken: Taken,
): SealingKey {
  checkKeys(where, entry, ['id', 'key', 'service', 'cacheFor'])
  const id = checkId(entry.id, where)
  if (taken.ids.has(id)) throw new TypeError(`${where}: the id "${id}" is given twice`)
  taken.ids.add(id)
  if (!('service' in entry)) return localKey(id, aesKey(checkKey(entry, where, taken)))
  if ('key' in entry) throw new TypeError(`${where} has a key or a service, not both`)
  const service = methods(entry.service, `${where}.service`, ['encrypt', 'decrypt'])
  const cacheMs = positiveDuration(entry.cacheFor ?? '5m', `${where}.cacheFor`)
  return serviceKey({ id, service, cacheMs }, calls)
}

function checkId(id: unknown, where: string): string {
  if (typeof id === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(id)) return id
  throw new TypeError(`${where}.id must be 1 to 64 letters, digits, "_" or "-"`)
}

function checkKey(entry: LocalKey, where: string, taken: Taken): Uint8Array {
  if ('cacheFor' in entry) throw new TypeError(`${where}.cacheFor is for a service`)
  const bytes = typeof entry.key === 'string' ? fromBase64(entry.key) : entry.key
  if (!(bytes instanceof Uint8Array) || bytes.byteLength !== keyBytes)
    throw new TypeError(`${where}.key must be 32 bytes, or their base64: openssl rand -base64 32`)
  if (new Set(bytes).size < fewestDistinctBytes)
    throw new TypeError(`${where}.key is not random: openssl rand -base64 32`)
  const digest = createHash('sha256').update(bytes).digest('hex')
  if (taken.keys.has(digest))
    throw new TypeError(`${where}.key is that of another id: a new id needs a new key`)
  taken.keys.add(digest)
  return bytes
}

/** Either alphabet, with or without padding, and nothing that decoders would skip. */
function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  const spellings = [bytes.toString('base64'), bytes.toString('base64url')]
  return spellings.some((spelt) => spelt.replace(/=+$/, '') === text.replace(/=$/, ''))
    ? bytes
    : undefined
}
