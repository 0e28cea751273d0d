import assert from 'node:assert/strict'
import type {
  ClaimKey,
  ClaimRef,
  ClaimResult,
  IdempotencyStore,
} from '../../ports/idempotency-store'

/** A lease or lifetime that outlives any law, and one that `pass(SHORT)` ends. */
export const LONG = 600_000
export const SHORT = 60

export const DAY = 86_400_000

export const BODY = 'a'.repeat(64)
export const OTHER_BODY = 'b'.repeat(64)

/** What the bench of one law is made of. */
export interface BenchParts {
  readonly store: IdempotencyStore
  /** Whether time stands still but for `pass`. */
  readonly exact: boolean
  /** Lets time pass on the store's clock: just so much when exact, at least so much otherwise. */
  pass(ms: number): Promise<void>
  /** Another handle on the same data; the same store where the suite cannot open one. */
  handle(): Promise<IdempotencyStore>
  /** A store of its own, not migrated. */
  unmigrated(): Promise<IdempotencyStore>
}

/** The ground a law stands on: an empty store, and short ways to use it. */
export class Bench implements BenchParts {
  readonly store: IdempotencyStore
  readonly exact: boolean
  readonly #parts: BenchParts
  #ids = 0

  constructor(parts: BenchParts) {
    this.store = parts.store
    this.exact = parts.exact
    this.#parts = parts
  }

  pass(ms: number): Promise<void> {
    return this.#parts.pass(ms)
  }

  handle(): Promise<IdempotencyStore> {
    return this.#parts.handle()
  }

  unmigrated(): Promise<IdempotencyStore> {
    return this.#parts.unmigrated()
  }

  /** A key nobody used. */
  key(over: Partial<ClaimKey> = {}): ClaimKey {
    this.#ids += 1
    return { source: 'billing', id: `msg_${this.#ids}`, ...over }
  }

  async claim(key: ClaimKey, leaseMs = LONG, fingerprint = BODY): Promise<ClaimResult> {
    return this.store.claim(key, fingerprint, leaseMs)
  }

  async stateOf(key: ClaimKey, fingerprint = BODY): Promise<ClaimResult['state']> {
    return (await this.claim(key, LONG, fingerprint)).state
  }

  /** Claims a key that must be free. */
  async acquire(key: ClaimKey, leaseMs = LONG, fingerprint = BODY): Promise<ClaimRef> {
    return acquired(key, await this.claim(key, leaseMs, fingerprint))
  }

  /** Claims a key under a lease that has run out. */
  async acquireAndLose(key: ClaimKey): Promise<ClaimRef> {
    const claim = await this.acquire(key, SHORT)
    await this.pass(SHORT)
    return claim
  }

  async renew(claim: ClaimRef, leaseMs = LONG): Promise<boolean> {
    return this.store.renew(claim, leaseMs)
  }

  async complete(claim: ClaimRef, retainMs = LONG): Promise<boolean> {
    return this.store.complete(claim, retainMs)
  }

  async release(claim: ClaimRef): Promise<boolean> {
    return this.store.release(claim)
  }

  async prune(limit = 1_000): Promise<number> {
    assert.ok(this.store.prune, 'the store has no prune: skip this law, with that as the reason')
    return this.store.prune({ limit })
  }
}

export function acquired(key: ClaimKey, result: ClaimResult): ClaimRef {
  assert.equal(result.state, 'acquired', `expected to acquire ${JSON.stringify(key)}`)
  return { ...key, token: result.token }
}

/** Asserts that a call throws or rejects with a `WebhookError` of this code. */
export async function failsWith(code: string, call: () => unknown): Promise<void> {
  await assert.rejects(
    async () => call(),
    (error: unknown) => {
      assert.ok(error instanceof Error && 'code' in error, `expected ${code}, not ${String(error)}`)
      assert.equal(error.code, code)
      return true
    },
  )
}
