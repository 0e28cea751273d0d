import type { Duration, WebhookEvent } from '@posthorn/schema'
import { type Chooser, chooser, fail, positive } from './check'
import { defaults } from './defaults'
import { Gate } from './gate'
import type { CommitContext, HandlerContext, TransactionContext } from './handler'
import type { Clock } from './ports/clock'
import type {
  AsyncHostTransactions,
  Awaitable,
  IdempotencyStore,
  SyncHostTransactions,
} from './ports/idempotency-store'
import type { InsertingStore } from './ports/inserting-store'

/** Whose messages these are, and which of them are the same. */
export interface IdempotencyKeyOptions {
  /** Whose message ids these are: a constant, or chosen by the route when tenants have secrets of their own. */
  readonly source: string | Chooser
  /**
   * What makes two requests the same, in place of the signed message id. For schemes that sign no id; without it the key is then a hash of
   * the signed bytes. Chosen from the event as it came, never from an unsigned header. Another body under the same key is refused with
   * `id_reused`.
   */
  readonly key?: (event: WebhookEvent) => Awaitable<string>
}

interface ClaimOptions extends IdempotencyKeyOptions {
  /** How long a claim holds without being renewed; it is renewed while the handler runs. Default `'30s'`. */
  readonly lease?: Duration
  /** How long a handled message is remembered: longer than the sender retries. Default `'7d'`. */
  readonly retention?: Duration
}

/** The claim is completed after the handler: a crash in between has the handler run again. */
export interface PlainIdempotency extends ClaimOptions {
  readonly store: IdempotencyStore
  readonly transactional?: false
}

/** A store whose database can commit a handler's writes together with the record that it ran. */
export interface TransactionalStore extends IdempotencyStore {
  readonly host: SyncHostTransactions<unknown> | AsyncHostTransactions<unknown>
}

/** The handler's own writes and the completion of its claim commit together, or neither does. */
export interface TransactionalIdempotency extends ClaimOptions {
  readonly store: TransactionalStore
  readonly transactional: true
  /** As for `InsertingIdempotency`; not for stores whose transactions are synchronous, as SQLite's. */
  readonly concurrency?: number
}

/** The message id is a row that the handler's own transaction inserts. Another body under the same id is not noticed. */
export interface InsertingIdempotency extends IdempotencyKeyOptions {
  readonly store: InsertingStore<unknown>
  /**
   * Most handlers with a transaction open at once, each of which has a connection to itself; the others wait. Less than the pool has, so
   * that claims and renewals find a connection. Default: what the store says, one less than the pool's size; else 5.
   */
  readonly concurrency?: number
}

export type IdempotencyOptions = PlainIdempotency | TransactionalIdempotency | InsertingIdempotency

/** What handlers are given under these options: `tx` or `onCommit` in transactional mode. */
export type ContextOf<Idempotency> = [Idempotency] extends [
  { readonly transactional: true; readonly store: { readonly host: infer Host } },
]
  ? HostContextOf<Host>
  : [Idempotency] extends [{ readonly store: InsertingStore<infer Tx> }]
    ? TransactionContext<Tx>
    : HandlerContext

type HostContextOf<Host> = [Host] extends [SyncHostTransactions<infer Tx>]
  ? CommitContext<Tx>
  : [Host] extends [AsyncHostTransactions<infer Tx>]
    ? TransactionContext<Tx>
    : HandlerContext

/** How handlers run in a transaction of the host's. */
export type ResolvedHost = PatientHost | GatedHost

/** Another process may be writing. */
export interface PatientHost extends SyncHostTransactions<unknown> {
  readonly clock: Clock
}

/** At most so many handlers have a transaction open. */
export interface GatedHost extends AsyncHostTransactions<unknown> {
  readonly gate: Gate
}

interface ResolvedKey {
  readonly source: Chooser
  readonly key: IdempotencyKeyOptions['key']
}

export interface ResolvedClaims extends ResolvedKey {
  readonly kind: 'claims'
  readonly store: IdempotencyStore
  readonly leaseMs: number
  readonly retentionMs: number
  /** Undefined unless transactional. */
  readonly host: ResolvedHost | undefined
}

export interface ResolvedInserts extends ResolvedKey {
  readonly kind: 'inserting'
  readonly store: InsertingStore<unknown>
  readonly host: GatedHost
}

export type ResolvedIdempotency = ResolvedClaims | ResolvedInserts

/** @throws TypeError for any option that cannot be meant. */
export function resolveIdempotency(
  options: IdempotencyOptions | 'none' | undefined,
  clock: Clock,
): ResolvedIdempotency | undefined {
  if (options === 'none') return undefined
  if (typeof options !== 'object' || options === null) {
    fail('idempotency', `is required: { store, source }, or 'none' to handle every copy`)
  }
  const named = { source: chooser(options.source, 'idempotency.source'), key: options.key }
  if (isInserting(options)) return Object.freeze({ ...named, ...resolveInserts(options) })
  if (!isStore(options.store)) fail('idempotency.store', 'must be an idempotency store')
  options.store.useClock?.(clock)
  return Object.freeze({
    ...named,
    kind: 'claims',
    store: options.store,
    leaseMs: positive(options.lease ?? defaults.lease, 'idempotency.lease'),
    retentionMs: positive(options.retention ?? defaults.retention, 'idempotency.retention'),
    host: resolveHost(options, clock),
  })
}

function resolveHost(
  options: PlainIdempotency | TransactionalIdempotency,
  clock: Clock,
): ResolvedHost | undefined {
  const { store, transactional = false } = options
  if (typeof transactional !== 'boolean') fail('idempotency.transactional', 'must be a boolean')
  const concurrency = 'concurrency' in options ? options.concurrency : undefined
  if (transactional && store.host?.kind === 'async') return gated(store.host, concurrency)
  if (concurrency !== undefined) {
    fail('idempotency.concurrency', 'is for handlers in asynchronous transactions')
  }
  if (!transactional) return undefined
  if (store.host?.kind === 'sync') return patient(store.host, clock)
  return fail('idempotency.transactional', 'needs a store with transactions, as SQLite or Postgres')
}

/** The row is the record: with it committed, nothing is left to complete. */
function resolveInserts({ store, concurrency }: InsertingIdempotency) {
  const host: AsyncHostTransactions<unknown> = {
    kind: 'async',
    ...(store.concurrency === undefined ? {} : { concurrency: store.concurrency }),
    transaction: (work) => store.transaction(work),
    complete: async () => true,
  }
  return { kind: 'inserting', store, host: gated(host, concurrency) } as const
}

function patient(host: SyncHostTransactions<unknown>, clock: Clock): PatientHost {
  return {
    kind: 'sync',
    transaction: (work) => host.transaction(work),
    complete: (claim, retainMs, tx) => host.complete(claim, retainMs, tx),
    clock,
  }
}

function gated(host: AsyncHostTransactions<unknown>, wanted: number | undefined): GatedHost {
  const most = host.concurrency
  if (wanted !== undefined && !(Number.isSafeInteger(wanted) && wanted > 0)) {
    fail('idempotency.concurrency', 'must be a positive integer')
  }
  if (wanted !== undefined && most !== undefined && wanted > most) {
    fail('idempotency.concurrency', `must be at most ${most}, one less than the pool's size`)
  }
  return {
    kind: 'async',
    transaction: (work) => host.transaction(work),
    complete: (claim, retainMs, tx) => host.complete(claim, retainMs, tx),
    gate: new Gate(wanted ?? most ?? defaults.concurrency),
  }
}

function isInserting(options: IdempotencyOptions): options is InsertingIdempotency {
  const { store }: { readonly store: unknown } = options
  if (typeof store !== 'object' || store === null || !('kind' in store)) return false
  return store.kind === 'inserting' && 'insert' in store && 'transaction' in store
}

function isStore(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return ['claim', 'renew', 'complete', 'release'].every((name) => name in value)
}
