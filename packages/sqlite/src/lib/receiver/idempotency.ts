import type {
  Clock,
  IdempotencyPruneRequest,
  IdempotencyStore,
  SyncHostTransactions,
} from '@posthorn/receiver'
import { receiverMigrations } from '../migrations/sets'
import { openSession } from '../session'
import type { SqliteLike } from '../sqlite-like'
import { inSavepoint } from '../transaction'
import * as claims from './claims'
import { groupCommit } from './group-commit'
import { hostTransaction } from './host-transaction'

const LOCK = 'UPDATE posthorn_claims SET until = until WHERE false'

export interface SqliteIdempotencyOptions {
  /** Decides leases and lifetimes; default: the receiver's clock, which is the machine's unless given. */
  readonly clock?: Clock
}

export interface SqliteIdempotency extends IdempotencyStore {
  readonly host: SyncHostTransactions<SqliteLike>
  useClock(clock: Clock): void
  migrate(): Promise<void>
  prune(request: IdempotencyPruneRequest): number
  close(): void
}

/**
 * Remembers in a SQLite database what was handled, in the table `posthorn_claims`.
 *
 * The calls of one turn of the event loop commit together, in a transaction of their own, and are answered after it. While the handle is
 * inside one of the host's, they are refused with `store_busy` (the receiver answers 503, and the sender tries again): a claim neither commits
 * nor rolls back with the host. Only `host.complete` joins the host's.
 *
 * `close` closes a handle that came from `openSqlite`, with the last store on it; any other is left to whoever opened it.
 *
 * @example
 * const receiver = createReceiver({
 *   secrets: fromEnv('WEBHOOK_SECRET'),
 *   idempotency: { store: sqliteIdempotency(db), source: 'billing' },
 * })
 */
export function sqliteIdempotency(
  db: SqliteLike,
  options: SqliteIdempotencyOptions = {},
): SqliteIdempotency {
  const session = openSession(db, options.clock)
  const { connection, now, write } = session
  const group = groupCommit(session)
  return {
    claim: (key, fingerprint, ms) =>
      group.run(() => claims.takeClaim(connection, key, fingerprint, { now: now(), ms })),
    renew: (claim, ms) => group.run(() => claims.renewClaim(connection, claim, { now: now(), ms })),
    complete: (claim, ms) =>
      group.run(() => claims.completeClaim(connection, claim, { now: now(), ms })),
    release: (claim) => group.run(() => claims.releaseClaim(connection, claim)),
    prune: ({ limit }) => write(() => claims.pruneClaims(connection, now(), limit)),
    host: {
      kind: 'sync',
      transaction: (work) => {
        session.assertOpen()
        return hostTransaction(db, work)
      },
      complete: (claim, ms, tx) =>
        session.guard(() => {
          const connection = session.connectionOf(tx)
          const complete = () => claims.completeClaim(connection, claim, { now: now(), ms })
          return inSavepoint(connection, LOCK, complete)
        }),
    },
    useClock: session.useClock,
    migrate: () => session.migrate(receiverMigrations),
    close() {
      group.flush()
      session.close()
    },
  }
}
