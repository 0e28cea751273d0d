import { WebhookError } from '@posthorn/schema'
import type { MaybePromise, SecretOwner } from '../secrets'

/** A key of the ring at work. What it seals is stored as `v1:<form>:<id>:<text>`. */
export interface SealingKey {
  readonly form: 'gcm' | 'kms'
  readonly id: string
  /** How long an opened value may be kept, in milliseconds. */
  readonly cacheMs: number
  seal(secret: string, owner: SecretOwner): MaybePromise<string>
  open(text: string, owner: SecretOwner): MaybePromise<string>
}

/** What is authenticated beside the ciphertext. JSON, so that no two owners spell the same bytes. */
export function associatedWith(
  { form, id }: Pick<SealingKey, 'form' | 'id'>,
  { tenantId, endpointId }: SecretOwner,
): Uint8Array {
  return Buffer.from(JSON.stringify([`v1:${form}`, tenantId, endpointId, id]))
}

/** One text for all that can be wrong: what altered it is to learn nothing. */
export function notAuthentic(): WebhookError {
  return new WebhookError(
    'config',
    'A stored secret does not open: it was altered, it is another endpoint’s, or `keys` has another key under the id it names.',
  )
}

export const base64url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')

/** Refuses a second spelling of the same bytes. */
export function fromBase64url(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') === text) return bytes
  throw notAuthentic()
}
