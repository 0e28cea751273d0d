import type { EndpointRecord, StoredSecret } from './model/endpoint'
import { newId } from './model/ids'
import { randomBytes } from './random-bytes'

export const plainForm = 'v0:plain:'

/** Whose row a secret lies in. A sealed one opens for its owner only: copied into another row, it does not. */
export interface SecretOwner {
  readonly tenantId: string
  readonly endpointId: string
}

/** What local keys answer at once, and a key service after a round trip. */
export type MaybePromise<Value> = Value | Promise<Value>

/**
 * How secrets lie in a store: an endpoint's signing secrets, sealed header values, authorisation and TLS key. The form carries its version, so
 * that rows of every version stay readable.
 */
export interface SecretBox {
  seal(secret: string, owner: SecretOwner): MaybePromise<string>
  /** Throws, or rejects with, `config` where it does not open, and `secrets_unavailable` where it may open later. */
  open(sealed: string, owner: SecretOwner): MaybePromise<string>
  /** Whether `seal` would use the same form and key. */
  isCurrent(sealed: string): boolean
}

export const ownerOf = (endpoint: Pick<EndpointRecord, 'tenantId' | 'id'>): SecretOwner => ({
  tenantId: endpoint.tenantId,
  endpointId: endpoint.id,
})

/** An endpoint keeps its current secret and so many older ones that still sign. */
export const mostOldSecrets = 3

export async function sealSecret(
  box: SecretBox,
  secret: string,
  owner: SecretOwner,
  now: number,
): Promise<StoredSecret> {
  return {
    id: newId('sec', now, randomBytes),
    value: await box.seal(secret, owner),
    createdAt: now,
  }
}

/** The secrets that sign at `now`, opened, in their order. */
export function openSecrets(
  box: SecretBox,
  endpoint: EndpointRecord,
  now: number,
): MaybePromise<readonly string[]> {
  const owner = ownerOf(endpoint)
  return whenAll(validSecrets(endpoint.secrets, now).map(({ value }) => box.open(value, owner)))
}

/** Awaits only what has to be awaited. */
function whenAll<Value>(values: readonly MaybePromise<Value>[]): MaybePromise<readonly Value[]> {
  const ready: Value[] = []
  for (const value of values) {
    if (value instanceof Promise) return Promise.all(values)
    ready.push(value)
  }
  return ready
}

/** The current secret first, then the older ones whose overlap has not ended. */
export function validSecrets(
  secrets: readonly StoredSecret[],
  now: number,
): readonly StoredSecret[] {
  return secrets.filter((secret) => secret.expiresAt === undefined || secret.expiresAt > now)
}
