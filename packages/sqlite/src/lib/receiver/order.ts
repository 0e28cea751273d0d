import type {
  Clock,
  OrderKey,
  OrderPruneRequest,
  OrderStore,
  SyncOrderHost,
} from '@posthorn/receiver'
import type { Connection } from '../connection'
import { receiverMigrations } from '../migrations/sets'
import { openSession } from '../session'
import type { SqliteLike } from '../sqlite-like'
import { inSavepoint } from '../transaction'
import { groupCommit } from './group-commit'

const LOCK = 'UPDATE posthorn_last_versions SET version = version WHERE false'

const IS_KNOWN = `
  SELECT 1 FROM posthorn_last_versions WHERE source = ? AND key = ? AND version >= ?`

const ADVANCE = `
  INSERT INTO posthorn_last_versions AS v (source, key, version, raised_at) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET version = excluded.version, raised_at = excluded.raised_at
  WHERE v.version < excluded.version`

const PRUNE = `
  DELETE FROM posthorn_last_versions WHERE (source, key) IN (
    SELECT source, key FROM posthorn_last_versions WHERE raised_at <= ? LIMIT 0 + ?)`

export interface SqliteOrderOptions {
  /** When a version was raised; default: the receiver's clock, which is the machine's unless given. */
  readonly clock?: Clock
}

export interface SqliteOrder extends OrderStore {
  readonly host: SyncOrderHost<SqliteLike>
  useClock(clock: Clock): void
  migrate(): Promise<void>
  prune(request: OrderPruneRequest): number
  close(): void
}

/**
 * Remembers in a SQLite database the highest version that was handled, for each key. In transactional mode it is raised in the transaction of
 * what `onCommit` was given, before that runs.
 *
 * `close` closes a handle that came from `openSqlite`, with the last store on it; any other is left to whoever opened it.
 *
 * @example
 * const receiver = createReceiver({
 *   secrets: fromEnv('WEBHOOK_SECRET'),
 *   idempotency: { store: sqliteIdempotency(db), source: 'billing', transactional: true },
 *   order: { store: sqliteOrder(db), key: (event) => event.data.orderId, version: (event) => event.timestamp },
 * })
 */
export function sqliteOrder(db: SqliteLike, options: SqliteOrderOptions = {}): SqliteOrder {
  const session = openSession(db, options.clock)
  const { connection, now } = session
  const group = groupCommit(session)
  const advance = (on: Connection, { source, key }: OrderKey, version: string) =>
    on.run(ADVANCE, source, key, version, now()) > 0
  return {
    isNewer: ({ source, key }, version) =>
      session.guard(() => connection.get(IS_KNOWN, source, key, version) === undefined),
    advance: (key, version) => group.run(() => advance(connection, key, version)),
    host: {
      kind: 'sync',
      advance: (key, version, tx) =>
        session.guard(() => {
          const connection = session.connectionOf(tx)
          return inSavepoint(connection, LOCK, () => advance(connection, key, version))
        }),
    },
    prune: ({ limit, unchangedForMs }) =>
      session.write(() => connection.run(PRUNE, now() - Math.round(unchangedForMs), limit)),
    useClock: session.useClock,
    migrate: () => session.migrate(receiverMigrations),
    close() {
      group.flush()
      session.close()
    },
  }
}
