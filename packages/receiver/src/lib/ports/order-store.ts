import type { Clock } from './clock'
import type { Awaitable, NoHostTransactions } from './idempotency-store'

/** What versions are counted on. Any two non-empty strings, as for claims. */
export interface OrderKey {
  /** Whose keys these are, so that two senders may use the same key. */
  readonly source: string
  readonly key: string
}

export interface OrderPruneRequest {
  /** Most keys to drop in one call. */
  readonly limit: number
  /** Only keys whose version was last raised so many milliseconds ago, or more. */
  readonly unchangedForMs: number
}

/** The host's transactions are synchronous, as SQLite's are. */
export interface SyncOrderHost<Tx> {
  readonly kind: 'sync'
  /** `advance` on `tx`: takes effect if and when `tx` commits. */
  advance(key: OrderKey, version: string, tx: Tx): boolean
}

/** The host's transactions await, as Postgres clients' do. */
export interface AsyncOrderHost<Tx> {
  readonly kind: 'async'
  /** `advance` on `tx`: takes effect if and when `tx` commits. */
  advance(key: OrderKey, version: string, tx: Tx): Promise<boolean>
}

/**
 * The highest version that was handled, for each key.
 *
 * A version is 1 to 300 printable ASCII characters, and versions are compared character by character, by their codes: `'10' < '9'`,
 * `'B' < 'a'`, `'a' < 'ab'`. No locale has a say. The receiver writes numbers and times so that this is their own order.
 *
 * Laws. Each call is atomic and safe under any number of concurrent callers and processes; what it answered is durable.
 *
 * - `advance`: when the key has no version, or a lower one, it gets this one. True if so; otherwise false, and nothing is changed. Of any number
 *   of callers with one version, one is told true; of different versions, whatever their order, the highest stays.
 * - `isNewer`: answers what `advance` would, and changes nothing.
 * - `host.advance`: a transaction that was rolled back leaves the key as it was. While one holds the key uncommitted, others wait for its end, and
 *   then compare with what it left: of two transactions the one with the lower version never commits last with true.
 * - Keys are plain data: sources do not see each other, and no spelling is special.
 * - `prune`: drops keys that were not raised for `unchangedForMs`, by the store's clock, and no others. Answers how many; repeated calls come to
 *   an end with 0.
 * - Construction does no I/O. `migrate`, `close` and what calls fail with: as for `IdempotencyStore`.
 */
export interface OrderStore {
  isNewer(key: OrderKey, version: string): Awaitable<boolean>
  advance(key: OrderKey, version: string): Awaitable<boolean>
  /** How a host's own writes and `advance` commit together. Absent is `none`. */
  readonly host?: NoHostTransactions | SyncOrderHost<unknown> | AsyncOrderHost<unknown>
  /** Takes the receiver's clock where the store has none of its own. */
  useClock?(clock: Clock): void
  migrate?(): Awaitable<void>
  prune?(request: OrderPruneRequest): Awaitable<number>
  close?(): Awaitable<void>
}
