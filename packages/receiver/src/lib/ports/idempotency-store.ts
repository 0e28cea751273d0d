import type { Clock } from './clock'

/** A value, or the promise of one: a synchronous store answers plainly and costs no more than the `await`. */
export type Awaitable<Value> = Value | PromiseLike<Value>

/** What a claim is held on. Any two non-empty strings: `('a', 'b:c')` and `('a:b', 'c')` are different keys. */
export interface ClaimKey {
  /** Whose ids these are, so that two senders may use the same id. */
  readonly source: string
  /** Signed message id, or what stands for it. */
  readonly id: string
}

/** One claim, named by the token it was acquired with. */
export interface ClaimRef extends ClaimKey {
  readonly token: string
}

export type ClaimResult =
  /** The caller holds the key until the lease runs out. */
  | { readonly state: 'acquired'; readonly token: string }
  /** Another caller holds it, for so many milliseconds more (at least 1) unless it renews or ends sooner. */
  | { readonly state: 'in_flight'; readonly retryInMs: number }
  /** Completed, and still remembered. */
  | { readonly state: 'done' }
  /** Held or remembered with another fingerprint. */
  | { readonly state: 'mismatch' }

export interface IdempotencyPruneRequest {
  /** Most records to drop in one call. */
  readonly limit: number
}

/** The host's writes cannot commit together with `complete`. */
export interface NoHostTransactions {
  readonly kind: 'none'
}

/** The host's transactions are synchronous, as SQLite's are. */
export interface SyncHostTransactions<Tx> {
  readonly kind: 'sync'
  /** Runs `work` in a transaction: committed when it returns, rolled back when it throws, and the error thrown on. */
  transaction<Result>(work: (tx: Tx) => Result): Result
  /** `complete` on `tx`: takes effect if and when `tx` commits. False (and no change) when the token no longer holds the key. */
  complete(claim: ClaimRef, retainMs: number, tx: Tx): boolean
}

/** The host's transactions await, as Postgres clients' do. */
export interface AsyncHostTransactions<Tx> {
  readonly kind: 'async'
  /** Most transactions that may be open at once and leave a connection for claims and renewals, where the store knows. */
  readonly concurrency?: number
  /** Runs `work` in a transaction: committed when it resolves, rolled back when it rejects, and the error passed on. */
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  /** `complete` on `tx`: takes effect if and when `tx` commits. False (and no change) when the token no longer holds the key. */
  complete(claim: ClaimRef, retainMs: number, tx: Tx): Promise<boolean>
}

/**
 * What was handled, and what is being handled now.
 *
 * A key is in one of three states: free, claimed (fingerprint, token, lease) or done (fingerprint, record lifetime).
 * ```
 *          claim                    complete
 *  free ──────────▶ claimed ────────────────────▶ done
 *   ▲                  │ release, lease ran out      │ record lifetime over
 *   └──────────────────┴─────────────────────────────┘
 * ```
 *
 * Laws. The store decides every lease and lifetime by its own clock. Each call is atomic and safe under any number of concurrent callers and
 * processes; what it answered is durable.
 *
 * - `claim`: of any number of callers at once, one acquires a free key. A lease holds while less than `leaseMs` have passed since it was
 *   acquired or last renewed; then the key is free, whatever the fingerprint. Every acquisition has a token never used before. A claimed key
 *   answers `in_flight`, a done one `done`; either answers `mismatch` when the fingerprint differs, and is not changed by it.
 * - `renew`: while the token holds the key, `leaseMs` from now replaces what is left of the lease. True if so.
 * - `complete`: while the token holds the key, it becomes done and is remembered for `retainMs` from now, however short the lease was. True if so.
 * - `release`: while the token holds the key, it becomes free at once. True if so.
 * - `renew`, `complete` and `release` compare and set on the token: one that was replaced, released or completed answers false and changes
 *   nothing. One whose lease ran out without another caller acquiring the key still holds it (the handler ran, and nobody else did).
 * - Keys are plain data: sources do not see each other, and no spelling (`__proto__`, separators, 1,000 characters, well-formed Unicode without NUL) is special.
 * - `prune`: drops records whose lifetime is over, and claims whose lease ran out a day or more ago; never a live claim or a remembered
 *   record. Answers how many; repeated calls come to an end with 0.
 * - Construction does no I/O. Where there is a `migrate`, it may be repeated and run concurrently; before it every other call fails with
 *   `store_not_migrated`, after `close`, which may be repeated, with `store_closed`. A failure that may pass soon is `store_busy`, any other `store_failed`.
 * - `host.complete`: a rolled-back transaction leaves the claim as it was.
 */
export interface IdempotencyStore {
  claim(key: ClaimKey, fingerprint: string, leaseMs: number): Awaitable<ClaimResult>
  renew(claim: ClaimRef, leaseMs: number): Awaitable<boolean>
  complete(claim: ClaimRef, retainMs: number): Awaitable<boolean>
  release(claim: ClaimRef): Awaitable<boolean>
  /**
   * How a host's own writes and `complete` commit together. Absent is `none`.
   * The claim itself is always committed first, on the store's own connection, so that a duplicate meanwhile sees it.
   */
  readonly host?:
    | NoHostTransactions
    | SyncHostTransactions<unknown>
    | AsyncHostTransactions<unknown>
  /** Takes the receiver's clock where the store has none of its own (its database's, or one given at construction). */
  useClock?(clock: Clock): void
  migrate?(): Awaitable<void>
  prune?(request: IdempotencyPruneRequest): Awaitable<number>
  close?(): Awaitable<void>
}
