import type { AsyncTransactions, SenderStore } from '@posthorn/sender'
import { createDatabase, type Database } from '../database'
import { migrate } from '../migrations/migrate'
import { senderMigrations } from '../migrations/sets'
import type { PgClientLike } from '../pg-client-like'
import { claimDeliveries, nextDueIn, startOfRing } from './claims'
import { endpointStore } from './endpoints'
import { claimEvents, fanOutEvents, insertEvents } from './events'
import { hostTransactions } from './host'
import * as leases from './leases'
import type { PgListenerLike } from './listening'
import * as deliveryLog from './log-deliveries'
import * as eventLog from './log-events'
import { listHistory } from './log-history'
import { prune } from './retention'
import { countAll } from './statistics'
import { createWakeUp, type WakeUp } from './wake-up'

export interface PostgresStoreOptions {
  /** A `pg` pool is what a worker wants; a single connection and PGlite do one thing at a time. Never closed by the store. */
  readonly client: PgClientLike
  /** Where the tables lie, and nothing else; default `posthorn`. At most 41 lower-case letters, digits and underscores. */
  readonly schema?: string
  /**
   * Opens a connection that hears when another process has sent something: `() => new pg.Client(…)`, led straight to the server, for
   * PgBouncer in transaction mode passes no notifications on. It is connected when the worker starts, again whenever it is lost, and closed
   * when the worker stops. Give it to every process that sends, started or not: without it nobody is told. Only a hint: workers poll as well.
   */
  readonly listen?: () => PgListenerLike
}

export type PostgresStore = SenderStore<AsyncTransactions<PgClientLike>>

/**
 * Keeps everything the sender needs in a Postgres database, in a schema of its own. Any number of workers on any number of machines share it.
 *
 * Each operation is one statement, and leaves no state in its session: the client may be a pool, and may lead through PgBouncer in transaction
 * mode. Due times and leases go by the database's clock.
 *
 * @throws TypeError when `schema` is no plain name.
 *
 * @example
 * ```ts ignore
 * const sender = createSender({ events, store: postgresStore({ client: new pg.Pool() }) })
 * await sender.migrate()
 * ```
 */
export function postgresStore(options: PostgresStoreOptions): PostgresStore {
  const { client, schema = 'posthorn', listen } = options
  const database = createDatabase(client, schema)
  const wakeUp = createWakeUp(database, listen)
  return {
    deliveries: deliveryStore(database, wakeUp),
    log: deliveryLogOf(database),
    endpoints: endpointStore(database),
    retention: { prune: (request) => prune(database, request) },
    host: hostTransactions(database, client, wakeUp.hint),
    migrate: () => migrate(database, senderMigrations),
    close: async () => database.close(),
  }
}

function deliveryStore(database: Database, wakeUp: WakeUp): PostgresStore['deliveries'] {
  const places = startOfRing()
  const { hint, subscribe } = wakeUp
  const andHint = <Result>(result: Result): Result => {
    hint()
    return result
  }
  return {
    ...(subscribe && { subscribe }),
    insert: async (events) => andHint(await insertEvents(database, events)),
    claimEvents: (request) => claimEvents(database, request),
    fanOut: (verdicts) => fanOutEvents(database, verdicts),
    claim: (request) => claimDeliveries(database, places, request),
    extend: (held, leaseMs) => leases.extendLeases(database, held, leaseMs),
    settle: (batch) => leases.settleDeliveries(database, batch),
    release: (held) => leases.releaseLeases(database, held),
    cancel: (tenantId, id) => leases.cancelDelivery(database, tenantId, id),
    redeliver: async (items) => andHint(await leases.redeliver(database, items)),
    nextDueIn: () => nextDueIn(database),
  }
}

function deliveryLogOf(database: Database): PostgresStore['log'] {
  return {
    list: (query) => deliveryLog.listDeliveries(database, query),
    get: (tenantId, id) => deliveryLog.getDelivery(database, tenantId, id),
    attempts: (tenantId, id) => deliveryLog.listAttempts(database, tenantId, id),
    event: (tenantId, id) => eventLog.getEvent(database, tenantId, id),
    events: (query) => eventLog.listEvents(database, query),
    history: (query) => listHistory(database, query),
    statistics: (tenantId) => countAll(database, tenantId),
  }
}
