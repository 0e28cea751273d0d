import { randomUUID } from 'node:crypto'
import type {
  ClaimedInboxTask,
  Clock,
  InboxClaimRequest,
  InboxMessage,
  InboxSettlement,
  InboxStatistics,
  InboxStore,
  InboxTaskRef,
  SyncInboxHost,
} from '@posthorn/receiver'
import type { Connection } from '../connection'
import { receiverMigrations } from '../migrations/sets'
import { openSession, type Session } from '../session'
import type { SqliteLike, SqliteValue } from '../sqlite-like'
import { inSavepoint, inSnapshot } from '../transaction'
import { int, optionalInt, text } from '../values'
import { groupCommit } from './group-commit'
import { hostTransaction } from './host-transaction'
import { conditionOf, deadOf, messageOf, taskOf } from './inbox-rows'
import * as sql from './inbox-statements'

export interface SqliteInboxOptions {
  /** Decides due times, leases and ages; default: the receiver's clock, which is the machine's unless given. */
  readonly clock?: Clock
}

export interface SqliteInbox extends InboxStore {
  readonly host: SyncInboxHost<SqliteLike>
  useClock(clock: Clock): void
  migrate(): Promise<void>
  close(): void
}

/**
 * Keeps an inbox in a SQLite database, in the tables `posthorn_inbox` and `posthorn_inbox_tasks`.
 *
 * What is accepted and settled in one turn of the event loop commits together, and is answered after it. While the handle is inside a transaction
 * of the host's, calls are refused with `store_busy`. Only `host.complete` joins the host's.
 *
 * `close` closes a handle that came from `openSqlite`, with the last store on it; any other is left to whoever opened it.
 *
 * @example
 * const inbox = createInbox(receiver, { store: sqliteInbox(db), source: 'billing' })
 */
export function sqliteInbox(db: SqliteLike, options: SqliteInboxOptions = {}): SqliteInbox {
  const session = openSession(db, options.clock)
  const { connection, now, guard, write } = session
  const group = groupCommit(session)
  const settle = (on: Connection, task: InboxTaskRef, settlement: InboxSettlement) =>
    on.run(sql.SETTLE, ...settled(settlement, now()), ...held(task)) > 0
  return {
    accept: (message, handlers) => group.run(() => keep(connection, message, handlers, now())),
    claim: (request) => guard(() => claim(session, request)),
    renew: (task, ms) =>
      group.run(() => connection.run(sql.RENEW, now() + Math.round(ms), ...held(task)) > 0),
    settle: (task, settlement) => group.run(() => settle(connection, task, settlement)),
    release: (task) => group.run(() => connection.run(sql.RELEASE, now(), ...held(task)) > 0),
    get: (key) =>
      guard(() => inSnapshot(connection, () => read(connection, [key.source, key.id], now()))),
    dead: ({ filter, after, limit }) =>
      guard(() => {
        const { sql: condition, values } = conditionOf(filter, after)
        return connection.all(sql.deadSql(condition), ...values, limit).map(deadOf)
      }),
    revive: (filter, limit) =>
      write(() => {
        const { sql: condition, values } = conditionOf(filter)
        return connection.run(sql.reviveSql(condition), now(), ...values, limit)
      }),
    statistics: () => guard(() => statistics(connection, now())),
    prune: ({ olderThanMs, limit, dead }) =>
      write(() => connection.run(sql.PRUNE, now() - Math.round(olderThanMs), Number(dead), limit)),
    host: {
      kind: 'sync',
      transaction: (work) => {
        session.assertOpen()
        return hostTransaction(db, work)
      },
      complete: (task, tx) =>
        guard(() => {
          const hosts = session.connectionOf(tx)
          return inSavepoint(hosts, sql.LOCK, () => settle(hosts, task, { to: 'done' }))
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

/** Runs inside a transaction: what is read must still hold when the message is written. */
function keep(
  connection: Connection,
  { key, fingerprint, type, body, facts }: InboxMessage,
  handlers: readonly string[],
  now: number,
): 'accepted' | 'duplicate' | 'mismatch' {
  const known = connection.get(sql.KNOWN, key.source, key.id)
  if (known) return text(known, 'fingerprint') === fingerprint ? 'duplicate' : 'mismatch'
  const texts = [key.source, key.id, fingerprint, type] as const
  const [factsJson, handlersJson] = [JSON.stringify(facts), JSON.stringify(handlers)]
  connection.run(sql.KEEP, ...texts, body, factsJson, handlersJson, now)
  return 'accepted'
}

function claim(
  { connection, now: clock, writeLight }: Session,
  { handlers, limit, leaseMs }: InboxClaimRequest,
): readonly ClaimedInboxTask[] {
  const now = clock()
  const names = JSON.stringify(handlers)
  // Most looks find nothing, and then there is no need to wait for the write lock.
  if (!connection.get(sql.IS_DUE, now, names)) return []
  const token = randomUUID()
  return writeLight(() => {
    const until = now + Math.round(leaseMs)
    const rows = connection.all(sql.CLAIM, token, until, now, names, limit)
    return rows.map((row) => {
      const found = connection.get(`${sql.MESSAGE} WHERE seq = ?`, int(row, 'seq')) ?? {}
      const message = messageOf(found)
      const [handler, attempt] = [text(row, 'handler'), int(row, 'attempts')]
      return { key: message.key, handler, token, attempt, message }
    })
  })
}

const held = ({ key, handler, token }: InboxTaskRef) =>
  [key.source, key.id, handler, token] as const

/** State, time, reason, code. */
function settled(settlement: InboxSettlement, now: number): readonly SqliteValue[] {
  switch (settlement.to) {
    case 'done':
      return ['done', now, null, null]
    case 'retry':
      return ['pending', now + Math.round(settlement.inMs), null, settlement.code]
    case 'dead':
      return ['dead', now, settlement.reason, settlement.code]
  }
}

function read(connection: Connection, key: readonly [string, string], now: number) {
  const row = connection.get(`${sql.MESSAGE} WHERE source = ? AND id = ?`, ...key)
  if (!row) return undefined
  const tasks = connection.all(sql.TASKS, int(row, 'seq')).map((task) => taskOf(task, now))
  return { ...messageOf(row), receivedAt: int(row, 'received_at'), tasks }
}

function statistics(connection: Connection, now: number): InboxStatistics {
  const row = connection.get(sql.STATISTICS, now) ?? {}
  const running = int(row, 'running')
  const oldest = optionalInt(row, 'oldest') ?? now
  return {
    pending: int(row, 'unfinished') - running,
    running,
    dead: int(row, 'dead'),
    oldestDueMs: Math.max(0, now - oldest),
  }
}
