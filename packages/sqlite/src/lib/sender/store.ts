import type {
  Clock,
  InsertedEvent,
  NewEvent,
  SenderStore,
  SyncTransactions,
} from '@posthorn/sender'
import type { Connection } from '../connection'
import { senderMigrations } from '../migrations/sets'
import { openSession } from '../session'
import type { SqliteLike } from '../sqlite-like'
import { inSavepoint, inSnapshot } from '../transaction'
import { claimDeliveries } from './claims'
import type { StoreContext } from './context'
import { EndpointCache } from './endpoint-cache'
import * as endpoints from './endpoints'
import { insertEvents } from './events'
import { insertAndClaim } from './hand-over'
import { Claimed } from './leases'
import * as deliveryLog from './log-deliveries'
import * as eventLog from './log-events'
import { claimEvents, fanOutEvents, noEvents } from './matching'
import * as queue from './queue'
import { redeliver } from './redeliver'
import { prune } from './retention'
import { settleDeliveries } from './settle'
import { countAll } from './statistics'
import { watchCommits } from './watch'

const LOCK = 'UPDATE posthorn_counters SET seq = seq WHERE false'

export interface SqliteStoreOptions {
  /** Decides due times and leases; default: the sender's clock, which is the machine's unless given. */
  readonly clock?: Clock
}

export type SqliteStore = SenderStore<SyncTransactions<SqliteLike>>

/**
 * Keeps everything the sender needs in a SQLite database, beside the host's own tables if you like: its own are called `posthorn_…`.
 *
 * Each write is a transaction of its own (`BEGIN IMMEDIATE`). While the handle is inside a transaction of the host's, it is refused with
 * `store_busy`, and the worker comes back to it: what the worker does never commits or rolls back with the host. Only `host.enqueue` joins
 * the host's transaction. A handle of its own (`openSqlite`) keeps the worker going meanwhile; it has to be of the same driver as the host's
 * handles on that file, as two SQLite libraries in one process do not see each other's locks.
 *
 * `close` closes a handle that came from `openSqlite`, with the last store on it; any other is left to whoever opened it.
 *
 * @example
 * const sender = createSender({ events, store: sqliteStore(await openSqlite('posthorn.db')) })
 * await sender.migrate()
 */
export function sqliteStore(db: SqliteLike, options: SqliteStoreOptions = {}): SqliteStore {
  const session = openSession(db, options.clock)
  const { connection, now } = session
  const context: StoreContext = {
    connection,
    now,
    endpoints: new EndpointCache(),
    claimed: new Claimed(),
  }
  const ports = createPorts({
    look:
      (operation) =>
      async (...args) =>
        session.guard(() => operation(context, ...args)),
    read:
      (operation) =>
      async (...args) =>
        session.guard(() => inSnapshot(connection, () => operation(context, ...args))),
    write:
      (operation) =>
      async (...args) =>
        session.write(() => operation(context, ...args)),
    writeLight:
      (operation) =>
      async (...args) =>
        session.writeLight(() => operation(context, ...args)),
    writeUnless:
      (settled, operation) =>
      async (...args) =>
        session.guard(() => settled(context)) ?? session.write(() => operation(context, ...args)),
    claim:
      (look, settled, operation) =>
      async (...args) => {
        const seen = session.guard(() => look(context))
        const answer = settled(context, seen)
        return answer ?? session.writeLight(() => operation(context, seen, ...args))
      },
  })
  return {
    ...ports,
    deliveries: {
      ...ports.deliveries,
      subscribe: (listener) => watchCommits(connection, listener),
    },
    endpoints: {
      ...ports.endpoints,
      remembered: (tenantId) => context.endpoints.remembered(tenantId),
    },
    host: {
      kind: 'sync',
      enqueue: (events, tx = db) =>
        session.guard(() => enqueue(session.connectionOf(tx), events, now)),
    },
    useClock: session.useClock,
    migrate: () => session.migrate(senderMigrations),
    close: async () => session.close(),
  }
}

/** All of them or none, in the host's transaction if there is one. */
function enqueue(
  connection: Connection,
  events: readonly NewEvent[],
  now: () => number,
): readonly InsertedEvent[] {
  return inSavepoint(connection, LOCK, () => insertEvents({ connection, now }, events))
}

type Operation = <Args extends unknown[], Result>(
  operation: (context: StoreContext, ...args: Args) => Result,
) => (...args: Args) => Promise<Result>

/** How an operation is run: a look needs one statement, or none; several reads need one state of the database. */
interface Kinds {
  readonly look: Operation
  readonly read: Operation
  readonly write: Operation
  /** A write that a power cut may undo: a lease would end by it anyway, and whoever holds its token is gone. */
  readonly writeLight: Operation
  /** A write that a look may spare: one that nothing waits for takes no lock. */
  readonly writeUnless: <Args extends unknown[], Result>(
    settled: (context: StoreContext) => Result | undefined,
    operation: (context: StoreContext, ...args: Args) => Result,
  ) => (...args: Args) => Promise<Result>
  /** A light write that is told what a look saw, and that what it saw may spare. */
  readonly claim: <Args extends unknown[], Seen, Result>(
    look: (context: StoreContext) => Seen,
    settled: (context: StoreContext, seen: Seen) => Result | undefined,
    operation: (context: StoreContext, seen: Seen, ...args: Args) => Result,
  ) => (...args: Args) => Promise<Result>
}

function createPorts({
  look,
  read,
  write,
  writeLight,
  writeUnless,
  claim,
}: Kinds): Pick<SqliteStore, 'deliveries' | 'log' | 'endpoints' | 'retention'> {
  return {
    deliveries: {
      insert: write(insertEvents),
      insertAndClaim: write(insertAndClaim),
      claimEvents: writeUnless(noEvents, claimEvents),
      fanOut: write(fanOutEvents),
      claim: claim(queue.nextTimes, queue.nothingDue, claimDeliveries),
      extend: writeLight(queue.extendLeases),
      settle: write(settleDeliveries),
      release: write(queue.releaseLeases),
      cancel: write(queue.cancelDelivery),
      redeliver: write(redeliver),
      nextDueIn: look(queue.nextDueIn),
    },
    log: {
      list: read(deliveryLog.listDeliveries),
      get: read(deliveryLog.getDelivery),
      attempts: read(deliveryLog.listAttempts),
      event: read(eventLog.getEvent),
      events: read(eventLog.listEvents),
      history: read(eventLog.listHistory),
      statistics: read(countAll),
    },
    endpoints: {
      insert: write(endpoints.insertEndpoint),
      get: look(endpoints.getEndpoint),
      list: look(endpoints.listEndpoints),
      forTenant: look(endpoints.endpointsOfTenant),
      replace: write(endpoints.replaceEndpoint),
      remove: write(endpoints.removeEndpoint),
      transition: write(endpoints.transitionEndpoints),
    },
    retention: { prune: write(prune) },
  }
}
