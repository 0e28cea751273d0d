import type { ClaimKey, IdempotencyStore } from '../ports/idempotency-store'

export interface Crash<Store extends IdempotencyStore> {
  /** For the receiver, in place of the store given. */
  readonly store: Store
  /** Resolves once the claim is held and the process is as good as dead. */
  readonly crashed: Promise<ClaimKey>
}

/**
 * A process that dies after it has claimed a message and before its handler runs: the first claim that is acquired is held, and its request is
 * never answered. Duplicates are told 409 until the lease runs out; the next one after that is handled, by the same receiver or by
 * another one over the store.
 *
 * @example
 * const { store, crashed } = crashAfterClaim(memoryIdempotency())
 * const receiver = createReceiver({ secrets, clock, idempotency: { store, source: 'billing' } })
 * void deliver(receiver, event, { secret })
 * await crashed
 * expect((await deliver(receiver, event, { secret })).status).toBe(409)
 * await clock.advance('30s')
 * expect((await deliver(receiver, event, { secret })).status).toBe(200)
 */
export function crashAfterClaim<Store extends IdempotencyStore>(store: Store): Crash<Store> {
  let die: (key: ClaimKey) => void = () => {}
  let alive = true
  const crashed = new Promise<ClaimKey>((resolve) => {
    die = resolve
  })
  const claim: IdempotencyStore['claim'] = async (key, fingerprint, leaseMs) => {
    const result = await store.claim(key, fingerprint, leaseMs)
    if (!alive || result.state !== 'acquired') return result
    alive = false
    die(key)
    return new Promise(() => {})
  }
  return { store: withClaim(store, claim), crashed }
}

function withClaim<Store extends IdempotencyStore>(
  store: Store,
  claim: IdempotencyStore['claim'],
): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'claim') return claim
      const member: unknown = Reflect.get(target, name, target)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}
