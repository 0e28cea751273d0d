import type { AnyCatalogue, Duration, EventInput } from '@posthorn/schema'
import type { SenderEventName, SenderListener } from './emitter'
import type { Deliveries } from './management/deliveries'
import type { Endpoints } from './management/endpoints'
import type { Events } from './management/events'
import type { Operator } from './management/operator'
import type { Recovered, RecoverOptions } from './management/recover-plan'
import type { Reencrypted, ReencryptOptions } from './management/reencrypt'
import type { Statistics } from './ports/delivery-log'
import type { Pruned } from './ports/retention'
import type { AsyncTransactions, HostTransactions, SyncTransactions } from './ports/store'
import type { EventToSend, PreparedEvent, SendFields } from './sending/prepare'
import type { SendResult } from './sending/send'
import type { PassReport } from './worker/pass'

/** What `send` takes: an event of the catalogue, or any where there is none. */
export type SendInput<Catalogue> = [Catalogue] extends [never]
  ? EventToSend
  : Catalogue extends AnyCatalogue
    ? EventInput<Catalogue> & SendFields
    : EventToSend

/** The options of `send`: a transaction only where the store's transactions await. */
export type SendOptions<Host> =
  Host extends AsyncTransactions<infer Tx>
    ? {
        /** The event is recorded in it: sent if it commits. */
        readonly tx?: Tx
      }
    : {
        /** Not in a synchronous transaction, which could be over before an awaiting call writes: `prepare` first, then `enqueue` inside. */
        readonly tx?: never
      }

/** Everything that one tenant's events, endpoints and deliveries are worked with. */
export type TenantSender<
  Catalogue = never,
  Host extends HostTransactions = HostTransactions,
> = TenantCalls<Catalogue, Host> & TransactionCalls<Host>

/** What can be done for one tenant. */
export interface TenantCalls<Catalogue, Host extends HostTransactions> {
  /**
   * Validates and serialises an event, without any I/O on the store. What the caller changes in it afterwards is not sent.
   *
   * @throws WebhookError `unknown_event_type`, `unsupported_version`, `invalid_data`, `invalid_event`, `not_serializable`,
   * `payload_too_large`, or `sender_stopped`
   */
  prepare(event: SendInput<Catalogue>): Promise<PreparedEvent>
  /**
   * Sends an event: durable when it resolves, and matched to the tenant's endpoints; with `tx`, when that commits, and matched afterwards.
   *
   * @throws WebhookError what `prepare` throws, before anything is written; `store_busy` and its like when the store cannot write
   */
  send(event: SendInput<Catalogue>, options?: SendOptions<Host>): Promise<SendResult>
  /**
   * All are validated before any is written. They are written in order, in batches of at most 500, each whole or not at all: if a later one
   * fails, the earlier stay. Ids or idempotency keys make it safe to repeat.
   */
  sendMany(
    events: readonly SendInput<Catalogue>[],
    options?: SendOptions<Host>,
  ): Promise<readonly SendResult[]>
  readonly endpoints: Endpoints
  readonly deliveries: Deliveries
  readonly events: Events
  /**
   * Delivers again what an endpoint failed or missed, or all of it, in a time range. Safe to repeat: what is under way is not doubled. A
   * `stop` ends it with `sender_stopped`.
   */
  recover(options: RecoverOptions): Promise<Recovered>
  /** How many deliveries the tenant has in each state, and how late the longest due one is. */
  statistics(): Promise<Statistics>
}

/** What a host's own transaction adds, by the store's kind of transactions. */
export type TransactionCalls<Host> =
  Host extends SyncTransactions<infer Tx>
    ? {
        /**
         * Records prepared events without awaiting anything: inside the host's transaction when `tx` is its handle. Call `wake()` after the
         * commit, or leave it to polling.
         */
        enqueue(
          prepared: PreparedEvent | readonly PreparedEvent[],
          options?: { readonly tx?: Tx },
        ): readonly SendResult[]
      }
    : Host extends AsyncTransactions<infer Tx>
      ? {
          /** Runs `work` in a transaction of the store's client, and wakes the worker after the commit. */
          transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
          /** Records prepared events in the host's transaction. */
          enqueue(
            prepared: PreparedEvent | readonly PreparedEvent[],
            options: { readonly tx: Tx },
          ): Promise<readonly SendResult[]>
        }
      : Record<never, never>

/** A sender: the default tenant's calls, the other tenants', and the worker. */
export type Sender<
  Catalogue = never,
  Host extends HostTransactions = HostTransactions,
> = TenantSender<Catalogue, Host> & SenderCalls<Catalogue, Host>

/** What a sender has beside the calls of its default tenant. */
export interface SenderCalls<Catalogue, Host extends HostTransactions> {
  /** The same calls for another tenant; `sender` itself is tenant `"default"`. */
  tenant(tenantId: string): TenantSender<Catalogue, Host>
  /** Reads across tenants. */
  readonly operator: Operator
  /** Brings the store's schema up to date. Safe to repeat, and from several processes. */
  migrate(): Promise<void>
  /**
   * One deterministic pass: everything due now is attempted, and settled when it resolves, also what a started worker or another pass of
   * this sender has in flight. Rejects when the store fails, or after `stop` with `sender_stopped`.
   */
  deliverDue(): Promise<PassReport>
  /** Delivers in the background until `stop`. Throws `sender_stopped` after it. */
  start(): void
  /**
   * Claims nothing more and lets attempts in flight end; what is not done by `timeout` (default `'20s'`) is cut off, in a second at the most,
   * and will be retried. Passes and recoveries under way end early. The sender cannot be used to send afterwards, and can be read. The store
   * stays open: it is the host's.
   */
  stop(options?: { readonly timeout?: Duration }): Promise<void>
  /** Makes a started worker look for work now, for instance after a transaction that enqueued. */
  wake(): void
  /** Drops what `retention` says is old. Call it from time to time; it works in bounded steps until nothing old is left. */
  prune(): Promise<Pruned>
  /**
   * Seals with the first of `keys` every stored secret that lies in the plain form or under another key. Safe to repeat, while workers run and
   * endpoints change; when it resolves with `failed: 0`, the older keys can go, if by then each process has the new one first. A `stop` ends it
   * with `sender_stopped`.
   *
   * @throws WebhookError `config` without `keys`; `secrets_unavailable` when the key service cannot be reached: call it again
   */
  reencrypt(options?: ReencryptOptions): Promise<Reencrypted>
  /** Listens to what happens in this process; answers the function that removes the listener. Nothing waits for a listener. */
  on<Name extends SenderEventName>(name: Name, listener: SenderListener<Name>): () => void
}
