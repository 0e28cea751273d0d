import type { Clock } from './clock'
import type { Awaitable, NoHostTransactions } from './idempotency-store'

/** Which message. Any two non-empty strings: `('a', 'b:c')` and `('a:b', 'c')` are different keys. */
export interface InboxKey {
  /** Whose ids these are, so that two senders may use the same id. */
  readonly source: string
  /** Signed message id, or what stands for it. */
  readonly id: string
}

/** What was known of a message when it was verified, beside its bytes. */
export interface InboxFacts {
  /** Of the event, as the envelope gave them. */
  readonly eventId: string
  readonly timestamp: string
  /** Unix seconds. */
  readonly signedAt?: number
  readonly secretIndex: number
  readonly secretId?: string
  /** Those of the request's headers that are to be kept. */
  readonly headers: Readonly<Record<string, string>>
  readonly params: Readonly<Record<string, string>>
}

/** A verified message. */
export interface InboxMessage {
  readonly key: InboxKey
  /** A hash of the body. */
  readonly fingerprint: string
  readonly type: string
  /** The bytes as they came. */
  readonly body: Uint8Array
  readonly facts: InboxFacts
}

/** One claim of one task, named by the token it was claimed with. */
export interface InboxTaskRef {
  readonly key: InboxKey
  readonly handler: string
  readonly token: string
}

export interface ClaimedInboxTask extends InboxTaskRef {
  /** This one counted: 1 the first time. */
  readonly attempt: number
  readonly message: InboxMessage
}

export interface InboxClaimRequest {
  /** Only tasks of these. */
  readonly handlers: readonly string[]
  readonly limit: number
  readonly leaseMs: number
}

/** Why a task is dead: its last attempt failed; or the process that made it died, or lost its lease. */
export type InboxDeathReason = 'exhausted' | 'lost'

export type InboxSettlement =
  | { readonly to: 'done' }
  /** Due again in so many milliseconds. */
  | { readonly to: 'retry'; readonly inMs: number; readonly code: string }
  | { readonly to: 'dead'; readonly reason: InboxDeathReason; readonly code: string }

/** Times are milliseconds since the Unix epoch, by the store's clock. */
export type InboxTaskState =
  | { readonly state: 'pending'; readonly dueAt: number }
  | { readonly state: 'running'; readonly leasedUntil: number }
  | { readonly state: 'done'; readonly endedAt: number }
  | { readonly state: 'dead'; readonly reason: InboxDeathReason; readonly endedAt: number }

/** One handler's duty to one message. */
export type InboxTask = InboxTaskState & {
  readonly handler: string
  /** How often it was claimed, since it was last replayed. */
  readonly attempts: number
  /** Of the last attempt that failed. */
  readonly code?: string
}

export interface InboxRecord extends InboxMessage {
  readonly receivedAt: number
  readonly tasks: readonly InboxTask[]
}

export interface DeadInboxTask {
  readonly key: InboxKey
  readonly handler: string
  readonly type: string
  readonly reason: InboxDeathReason
  readonly code: string
  readonly attempts: number
  readonly endedAt: number
}

/** Which dead tasks. What is left out does not matter. */
export interface DeadInboxFilter {
  readonly key?: InboxKey
  readonly source?: string
  readonly type?: string
  readonly handler?: string
  /** Those that ended then or later, in milliseconds since the Unix epoch. */
  readonly since?: number
  /** Those that ended before. */
  readonly until?: number
}

/** Where a page ended: its last task. */
export type DeadInboxPosition = Pick<DeadInboxTask, 'key' | 'handler' | 'endedAt'>

export interface DeadInboxPageRequest {
  readonly filter: DeadInboxFilter
  readonly after?: DeadInboxPosition
  readonly limit: number
}

export interface InboxStatistics {
  /** Waiting to be claimed, due or not. */
  readonly pending: number
  /** Under a lease. */
  readonly running: number
  readonly dead: number
  /** How long the pending task that has been due longest has been so, in milliseconds; 0 when none is due. */
  readonly oldestDueMs: number
}

export interface InboxPruneRequest {
  /** Messages received so many milliseconds ago, or more. */
  readonly olderThanMs: number
  /** Most messages to drop in one call. */
  readonly limit: number
  /** Whether messages with dead tasks go as well. */
  readonly dead: boolean
}

/** The host's transactions are synchronous, as SQLite's are. */
export interface SyncInboxHost<Tx> {
  readonly kind: 'sync'
  /** Runs `work` in a transaction: committed when it returns, rolled back when it throws, and the error thrown on. */
  transaction<Result>(work: (tx: Tx) => Result): Result
  /** Settles as done on `tx`: takes effect if and when `tx` commits. False (and no change) when the token no longer holds the task. */
  complete(task: InboxTaskRef, tx: Tx): boolean
}

/** The host's transactions await, as Postgres clients' do. */
export interface AsyncInboxHost<Tx> {
  readonly kind: 'async'
  /** Most transactions that may be open at once and leave a connection for claims and renewals, where the store knows. */
  readonly concurrency?: number
  /** Runs `work` in a transaction: committed when it resolves, rolled back when it rejects, and the error passed on. */
  transaction<Result>(work: (tx: Tx) => Promise<Result>): Promise<Result>
  /** Settles as done on `tx`: takes effect if and when `tx` commits. False (and no change) when the token no longer holds the task. */
  complete(task: InboxTaskRef, tx: Tx): Promise<boolean>
}

/**
 * Messages that were acknowledged, and what their handlers still have to do.
 *
 * A message has a task for each of its handlers:
 * ```
 *            claim (lease + token)           settle
 *  pending ──────────────────────▶ running ──────────▶ done
 *   ▲  ▲                            │  │ └───────────▶ dead
 *   │  └── due again, lease ran out ┘  │                 │
 *   │      release ────────────────────┘                 │
 *   └──────────────────── revive ────────────────────────┘
 * ```
 *
 * Laws. The store decides every due time, lease and age by its own clock. Each call is one atomic step, safe under any number of concurrent
 * callers and processes; what it answered is durable.
 *
 * - `accept`: keeps a message whose key is new, with a task for each handler, due at once: all of it or nothing. Of any number of callers at once,
 *   one is told `accepted`. A key that is kept answers `duplicate`, or `mismatch` when the fingerprint differs, and is not changed by it.
 *   Bytes and facts come back as they were.
 * - `claim`: leases up to `limit` tasks of the handlers named, of those that are due the ones that have been so longest, and counts an attempt of
 *   each. A task is leased to one caller at a time: while less than `leaseMs` have passed since it was claimed or last renewed. Each claim of
 *   a task has a token that the task never had before.
 * - `renew`: while the token holds the task, `leaseMs` from now replaces what is left of the lease. True if so.
 * - `settle`: while the token holds the task, it is done, due again in `inMs`, or dead. True if so. The other tasks of its message stay as they are.
 * - `release`: while the token holds the task, it is due at once, and the attempt does not count. True if so.
 * - `renew`, `settle` and `release` compare and set on the token: one that was replaced, settled or released answers false and changes nothing. One
 *   whose lease ran out without another caller claiming the task still holds it.
 * - `get`: the message with its tasks, by handler; undefined when it is not kept.
 * - `dead`: pages of dead tasks, the latest first: reading on from the last one of each page gives each once.
 * - `revive`: up to `limit` dead tasks that fit are due at once, with no attempts counted. Answers how many.
 * - `statistics`: counts what is not done.
 * - `prune`: drops messages of that age with their tasks, unless one of these is pending or running; or dead, without `dead`. Answers how many
 *   messages; repeated calls come to an end with 0. Until it is dropped, a message is known to `accept`. A task that `revive` counted is never dropped
 *   by a call at the same time.
 * - Keys are plain data: sources do not see each other, and no spelling (`__proto__`, separators, 1,000 characters, well-formed Unicode without NUL) is special.
 * - Construction does no I/O. Where there is a `migrate`, it may be repeated and run concurrently; before it every other call fails with
 *   `store_not_migrated`, after `close`, which may be repeated, with `store_closed`. A failure that may pass soon is `store_busy`, any other `store_failed`.
 * - `host.complete`: a rolled-back transaction leaves the task as it was.
 */
export interface InboxStore {
  accept(
    message: InboxMessage,
    handlers: readonly string[],
  ): Awaitable<'accepted' | 'duplicate' | 'mismatch'>
  claim(request: InboxClaimRequest): Awaitable<readonly ClaimedInboxTask[]>
  renew(task: InboxTaskRef, leaseMs: number): Awaitable<boolean>
  settle(task: InboxTaskRef, settlement: InboxSettlement): Awaitable<boolean>
  release(task: InboxTaskRef): Awaitable<boolean>
  get(key: InboxKey): Awaitable<InboxRecord | undefined>
  dead(request: DeadInboxPageRequest): Awaitable<readonly DeadInboxTask[]>
  revive(filter: DeadInboxFilter, limit: number): Awaitable<number>
  statistics(): Awaitable<InboxStatistics>
  prune(request: InboxPruneRequest): Awaitable<number>
  /** How a host's own writes and the end of a task commit together. Absent is `none`. */
  readonly host?: NoHostTransactions | SyncInboxHost<unknown> | AsyncInboxHost<unknown>
  /** Takes the receiver's clock where the store has none of its own (its database's, or one given at construction). */
  useClock?(clock: Clock): void
  migrate?(): Awaitable<void>
  close?(): Awaitable<void>
}
