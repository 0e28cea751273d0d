import type { WebhookEvent } from '@posthorn/schema'
import type { Awaitable, ClaimKey, IdempotencyPruneRequest } from './idempotency-store'

/** What came of an insert. */
export type InsertResult =
  /** The caller's transaction holds the row: it is there for others if and when that commits. */
  | 'inserted'
  /** A committed row was there. */
  | 'done'
  /** Another transaction holds the row, and did not end while the store waited. This transaction is of no further use. */
  | 'in_flight'

/**
 * What was handled, as rows that the handler's own transaction inserts. For a table that is there already; an `IdempotencyStore` does more.
 *
 * Laws.
 *
 * - `transaction`: committed when `work` resolves; rolled back when it rejects, and the error passed on.
 * - `insert`: of any number of transactions that insert one key, one commits it. While one holds the row uncommitted, the others wait; they
 *   answer `done` once it committed, `inserted` (one of them) once it was rolled back, and `in_flight` once they have waited too long.
 * - A transaction that was rolled back leaves no row; nor does a process that died in it.
 * - `prune`: drops rows older than the store's retention. Answers how many.
 */
export interface InsertingStore<Tx> {
  readonly kind: 'inserting'
  /** Most transactions that may be open at once, where the store knows. */
  readonly concurrency?: number
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  insert(key: ClaimKey, event: WebhookEvent, tx: Tx): Promise<InsertResult>
  migrate?(): Awaitable<void>
  prune?(request: IdempotencyPruneRequest): Awaitable<number>
  close?(): Awaitable<void>
}
