import { type Duration, parseDuration, type WebhookEvent } from '@posthorn/schema'
import { type Chooser, chooser } from '../check'
import type { CommitContext, HandlerContext, TransactionContext } from '../handler'
import type { ResolvedOptions } from '../options'
import type { Awaitable } from '../ports/idempotency-store'
import type { AsyncInboxHost, DeadInboxTask, InboxStore, SyncInboxHost } from '../ports/inbox-store'
import { type InboxRetryOptions, type RetryPolicy, resolveRetry } from './retry'

interface CommonOptions {
  /** Whose message ids these are: a constant, or chosen by the route when tenants have secrets of their own. */
  readonly source: string | Chooser
  /** As the receiver's `idempotency.key`: what makes two requests the same, in place of the signed message id. */
  readonly key?: (event: WebhookEvent) => Awaitable<string>
  readonly retry?: InboxRetryOptions
  /** How long a claimed task is held without being renewed; it is renewed while its handler runs. Default `'30s'`. */
  readonly lease?: Duration
  /** Most handlers at once in this process. Default 10, or what a transactional store has connections for. */
  readonly concurrency?: number
  /**
   * Most of them that may be of one handler, so that a slow one leaves places to the others. Default: half, rounded up, or all where there is one
   * handler only.
   */
  readonly perHandler?: number
  /** How often `start` looks for tasks of other processes, and for those due again. Default `'1s'`. */
  readonly pollInterval?: Duration
  /** Names of the request's headers that are kept for the handlers. Default: none, but for the trace's where the receiver has `telemetry`. */
  readonly headers?: readonly string[]
  /** Told of every task that is dead from now on. Never changes what becomes of it. */
  readonly onDead?: (task: DeadTaskInfo) => unknown
  /** From 0 to 1, for the jitter. Default `Math.random`. */
  readonly random?: () => number
}

/** What `onDead` is told. */
export type DeadTaskInfo = Omit<DeadInboxTask, 'endedAt'>

export interface PlainInboxOptions extends CommonOptions {
  readonly store: InboxStore
  readonly transactional?: false
}

/** A store whose database can commit a handler's writes together with the end of its task. */
export interface TransactionalInboxStore extends InboxStore {
  readonly host: SyncInboxHost<unknown> | AsyncInboxHost<unknown>
}

/** A handler's own writes and the end of its task commit together, or neither does. */
export interface TransactionalInboxOptions extends CommonOptions {
  readonly store: TransactionalInboxStore
  readonly transactional: true
}

export type InboxOptions = PlainInboxOptions | TransactionalInboxOptions

/** What an inbox's handlers are given beside the event. */
export interface InboxContext extends HandlerContext {
  /** Which attempt of this handler at this message it is, from 1. */
  readonly attempt: number
}

/** What handlers are given under these options: `tx` or `onCommit`, too, in transactional mode. */
export type InboxContextOf<Options> = [Options] extends [
  { readonly transactional: true; readonly store: { readonly host: infer Host } },
]
  ? InboxContext & HostContextOf<Host>
  : InboxContext

type HostContextOf<Host> = [Host] extends [SyncInboxHost<infer Tx>]
  ? CommitContext<Tx>
  : [Host] extends [AsyncInboxHost<infer Tx>]
    ? TransactionContext<Tx>
    : HandlerContext

export interface ResolvedInboxOptions {
  readonly store: InboxStore
  /** Undefined unless transactional. */
  readonly host: SyncInboxHost<unknown> | AsyncInboxHost<unknown> | undefined
  readonly source: Chooser
  /** Where it is a constant. */
  readonly constantSource: string | undefined
  readonly key: CommonOptions['key']
  readonly retry: RetryPolicy
  readonly leaseMs: number
  readonly concurrency: number
  /** Undefined for a share of `concurrency`. */
  readonly perHandler: number | undefined
  readonly pollMs: number
  readonly headers: readonly string[]
  readonly onDead: CommonOptions['onDead']
  readonly random: () => number
}

const defaults = { lease: '30s', concurrency: 10, pollInterval: '1s' } as const

const names: ReadonlySet<string> = new Set([
  ...['store', 'transactional', 'source', 'key', 'retry', 'lease', 'concurrency'],
  ...['perHandler', 'pollInterval', 'headers', 'onDead', 'random'],
])

/** @throws TypeError for any option that cannot be meant. */
export function resolveInboxOptions(
  options: InboxOptions,
  { order, clock, telemetry }: ResolvedOptions,
): ResolvedInboxOptions {
  if (typeof options !== 'object' || options === null) fail('options', 'must be an object')
  for (const name of Object.keys(options)) if (!names.has(name)) fail(name, 'is not an option')
  const { store, source } = options
  if (!isInboxStore(store)) fail('store', 'must be an inbox store, as sqliteInbox(db)')
  const host = resolveHost(options)
  if (host && order && order.store.host?.kind !== host.kind) {
    fail('store', "must be of the same database as the receiver's order.store, when transactional")
  }
  store.useClock?.(clock)
  return Object.freeze({
    store,
    host,
    source: chooser(source, 'source'),
    constantSource: typeof source === 'string' ? source : undefined,
    key: options.key,
    retry: resolveRetry(options.retry),
    leaseMs: positive(options.lease ?? defaults.lease, 'lease'),
    concurrency: resolveConcurrency(options.concurrency, host),
    perHandler:
      options.perHandler === undefined ? undefined : whole(options.perHandler, 'perHandler'),
    pollMs: positive(options.pollInterval ?? defaults.pollInterval, 'pollInterval'),
    headers: resolveHeaders(options.headers, telemetry !== undefined),
    onDead: options.onDead,
    random: options.random ?? Math.random,
  })
}

function resolveHost({
  store: { host },
  transactional = false,
}: InboxOptions): ResolvedInboxOptions['host'] {
  if (typeof transactional !== 'boolean') fail('transactional', 'must be a boolean')
  if (!transactional) return undefined
  if (host?.kind === 'sync' || host?.kind === 'async') return host
  return fail('transactional', 'needs a store with transactions, as SQLite or Postgres')
}

function resolveConcurrency(
  wanted: number | undefined,
  host: ResolvedInboxOptions['host'],
): number {
  const most = host?.kind === 'async' ? (host.concurrency ?? Infinity) : Infinity
  const concurrency = wanted ?? Math.min(defaults.concurrency, most)
  if (whole(concurrency, 'concurrency') > most) {
    fail('concurrency', `must be at most ${most}, one less than the pool's size`)
  }
  return concurrency
}

function whole(value: number, name: string): number {
  return Number.isSafeInteger(value) && value > 0 ? value : fail(name, 'must be a positive integer')
}

function resolveHeaders(headers: readonly string[] = [], isTraced: boolean): readonly string[] {
  const trace = isTraced ? ['traceparent', 'tracestate'] : []
  return Object.freeze([...new Set([...headers.map((name) => name.toLowerCase()), ...trace])])
}

function positive(duration: Duration, name: string): number {
  const ms = parseDuration(duration, `createInbox: ${name}`)
  return ms > 0 ? ms : fail(name, 'must be longer than nothing')
}

function isInboxStore(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return ['accept', 'claim', 'renew', 'settle', 'release'].every((name) => name in value)
}

export function fail(name: string, why: string): never {
  throw new TypeError(`createInbox: ${name} ${why}`)
}
