import type { ClaimKey, ClaimRef, IdempotencyStore } from '../../ports/idempotency-store'
import type { IdempotencyLaw } from '../contract/contract'

/** A store with one fault, and a law that must catch it. */
export interface BrokenStore {
  readonly fault: string
  readonly caughtBy: IdempotencyLaw
  breakIt(store: IdempotencyStore): Partial<IdempotencyStore>
}

export const nameOf = ({ source, id }: ClaimKey) => JSON.stringify([source, id])

/** Remembers the token that last acquired each key, for faults that ignore the token they are given. */
export function withCurrentTokens(store: IdempotencyStore) {
  const tokens = new Map<string, string>()
  const claim: IdempotencyStore['claim'] = async (key, fingerprint, leaseMs) => {
    const result = await store.claim(key, fingerprint, leaseMs)
    if (result.state === 'acquired') tokens.set(nameOf(key), result.token)
    return result
  }
  const current = (ref: ClaimRef): ClaimRef => ({
    ...ref,
    token: tokens.get(nameOf(ref)) ?? ref.token,
  })
  return { claim, current }
}

/** A store that changes every key before it uses it. */
export function withKeys(
  store: IdempotencyStore,
  change: (key: ClaimKey) => ClaimKey,
): Partial<IdempotencyStore> {
  const changed = (ref: ClaimRef): ClaimRef => ({ ...ref, ...change(ref) })
  return {
    claim: (key, fingerprint, leaseMs) => store.claim(change(key), fingerprint, leaseMs),
    renew: (claim, leaseMs) => store.renew(changed(claim), leaseMs),
    complete: (claim, retainMs) => store.complete(changed(claim), retainMs),
    release: (claim) => store.release(changed(claim)),
  }
}
