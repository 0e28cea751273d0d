import type { Clock, SenderStore, SyncTransactions } from '@posthorn/sender'
import { systemTime } from '../clock'
import { connectionTo } from '../connection'
import { storeClosed, toStoreError } from '../errors'
import { migrate } from '../migrations/migrate'
import { senderMigrations } from '../migrations/sets'
import { letGo, use } from '../owned'
import type { SqliteLike } from '../sqlite-like'
import { inSavepoint, inTransaction } from '../transaction'
import { claimDeliveries } from './claims'
import type { StoreContext } from './context'
import { EndpointCache } from './endpoint-cache'
import * as endpoints from './endpoints'
import { insertEvents } from './events'
import * as deliveryLog from './log-deliveries'
import * as eventLog from './log-events'
import { claimEvents, fanOutEvents } from './matching'
import * as queue from './queue'
import { redeliver } from './redeliver'
import { prune } from './retention'
import { settleDeliveries } from './settle'
import { countAll } from './statistics'

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
 * the host's transaction. A handle of its own (`openSqlite`) keeps the worker going meanwhile.
 *
 * `close` closes a handle that came from `openSqlite`, with the last store on it; any other is left to whoever opened it.
 *
 * @example
 * const sender = createSender({ events, store: sqliteStore(await openSqlite('posthorn.db')) })
 * await sender.migrate()
 */
export function sqliteStore(db: SqliteLike, options: SqliteStoreOptions = {}): SqliteStore {
  let clock: Pick<Clock, 'now'> = options.clock ?? systemTime
  let closed = false
  const now = () => Math.floor(clock.now())
  const context: StoreContext = {
    connection: connectionTo(db),
    now,
    endpoints: new EndpointCache(),
  }
  const guarded = <Result>(work: () => Result): Result => {
    if (closed) throw storeClosed()
    try {
      return work()
    } catch (error) {
      throw toStoreError(error)
    }
  }
  use(db)
  return {
    ...createPorts({
      read:
        (operation) =>
        async (...args) =>
          guarded(() => operation(context, ...args)),
      write:
        (operation) =>
        async (...args) =>
          guarded(() => inTransaction(context.connection, () => operation(context, ...args))),
    }),
    host: {
      kind: 'sync',
      enqueue: (events, tx = db) =>
        guarded(() => {
          const connection = connectionTo(tx)
          return inSavepoint(connection, () => insertEvents({ connection, now }, events))
        }),
    },
    useClock(sendersClock) {
      if (!options.clock) clock = sendersClock
    },
    async migrate() {
      if (closed) throw storeClosed()
      await migrate(context.connection, senderMigrations, now)
    },
    async close() {
      if (closed) return
      closed = true
      letGo(db)
    },
  }
}

type Operation = <Args extends unknown[], Result>(
  operation: (context: StoreContext, ...args: Args) => Result,
) => (...args: Args) => Promise<Result>

function createPorts({
  read,
  write,
}: {
  readonly read: Operation
  readonly write: Operation
}): Pick<SqliteStore, 'deliveries' | 'log' | 'endpoints' | 'retention'> {
  return {
    deliveries: {
      insert: write(insertEvents),
      claimEvents: write(claimEvents),
      fanOut: write(fanOutEvents),
      claim: write(claimDeliveries),
      extend: write(queue.extendLeases),
      settle: write(settleDeliveries),
      release: write(queue.releaseLeases),
      cancel: write(queue.cancelDelivery),
      redeliver: write(redeliver),
      nextDueIn: read(queue.nextDueIn),
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
      get: read(endpoints.getEndpoint),
      list: read(endpoints.listEndpoints),
      forTenant: read(endpoints.endpointsOfTenant),
      replace: write(endpoints.replaceEndpoint),
      remove: write(endpoints.removeEndpoint),
      transition: write(endpoints.transitionEndpoints),
    },
    retention: { prune: write(prune) },
  }
}
