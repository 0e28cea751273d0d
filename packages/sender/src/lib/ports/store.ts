import type { EndpointRecord } from '../model/endpoint'
import type { InsertedEvent, NewEvent } from '../model/event'
import type { Clock } from './clock'
import type { DeliveryLog } from './delivery-log'
import type { DeliveryStore } from './delivery-store'
import type { EndpointStore } from './endpoint-store'
import type { Retention } from './retention'

/** The host cannot write events inside a transaction of its own. */
export interface NoTransactions {
  readonly kind: 'none'
}

/**
 * The host's transactions are synchronous, as SQLite's are: events are recorded by a call that returns. The store's own writes are taken to block, too:
 * sends to it gather for as long as the last one took, at most 5 ms.
 */
export interface SyncTransactions<Tx> {
  readonly kind: 'sync'
  /**
   * Records events (stage `recorded`) on `tx`, or on the store's own connection when absent, without awaiting anything.
   *
   * Laws: rolled back with the host's transaction; same duplicates as `DeliveryStore.insert`.
   */
  enqueue(events: readonly NewEvent[], tx?: Tx): readonly InsertedEvent[]
}

/** The host's transactions await, as Postgres clients' do. */
export interface AsyncTransactions<Tx> {
  readonly kind: 'async'
  /** Every endpoint of the tenant, as the transaction sees them. */
  endpoints(tenantId: string, tx: Tx): Promise<readonly EndpointRecord[]>
  /**
   * Writes events on `tx`.
   *
   * Laws: rolled back with the host's transaction; same duplicates, deliveries and marks as `DeliveryStore.insert`.
   */
  enqueue(events: readonly NewEvent[], tx: Tx): Promise<readonly InsertedEvent[]>
  /** Runs `work` in a transaction of the store's own client: committed when it resolves, rolled back when it rejects. */
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
}

export type HostTransactions =
  | NoTransactions
  | SyncTransactions<unknown>
  | AsyncTransactions<unknown>

/**
 * All that the sender keeps, in one database.
 *
 * Laws: construction does no I/O; `migrate` is safe to repeat and under concurrent callers, and refuses a newer schema with
 * `store_too_new`; before it, every other call rejects with `store_not_migrated`; after `close`, with `store_closed`. A failure that may
 * pass soon is `store_busy`; any other is `store_failed` with the driver's error as `cause`.
 */
export interface SenderStore<Host = HostTransactions> {
  readonly deliveries: DeliveryStore
  readonly log: DeliveryLog
  readonly endpoints: EndpointStore
  readonly retention: Retention
  readonly host: Host
  /** Takes the sender's clock where the store has none of its own (its database's, or one given at construction). */
  useClock?(clock: Clock): void
  migrate(): Promise<void>
  close(): Promise<void>
}
