import type { AsyncTransactions, SenderStore } from '@posthorn/sender'
import { areAllClaimed } from '@posthorn/sender/store'
import { createDatabase, type Database } from '../database'
import { migrate } from '../migrations/migrate'
import { senderMigrations } from '../migrations/sets'
import type { PgClientLike } from '../pg-client-like'
import { claimDeliveries } from './claims'
import { endpointStore } from './endpoints'
import { claimEvents, fanOutEvents, fanOutOf, insertEvents } from './events'
import { insertAndClaim, type Known } from './hand-over'
import { hostTransactions } from './host'
import * as leases from './leases'
import type { PgListenerLike } from './listening'
import * as deliveryLog from './log-deliveries'
import * as eventLog from './log-events'
import { listHistory } from './log-history'
import { LaneMemory } from './memory'
import { deliveriesOf } from './new-events'
import { prune } from './retention'
import { settleDeliveries } from './settlements'
import { countAll } from './statistics'
import { TenantEndpoints } from './tenant-endpoints'
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
  const memory = new LaneMemory(database, () => performance.now())
  const tenants = new TenantEndpoints((endpoint) => memory.know(endpoint))
  return {
    deliveries: deliveryStore(database, wakeUp, { memory, tenants }),
    log: deliveryLogOf(database),
    endpoints: endpointsOf(database, memory, tenants),
    retention: { prune: (request) => prune(database, request) },
    host: hostTransactions(database, client, {
      endpoints: (on, tenantId) => tenants.read(on, tenantId),
      committed(sent) {
        memory.sent(sent)
        wakeUp.hint()
      },
    }),
    migrate: () => migrate(database, senderMigrations),
    close: async () => database.close(),
  }
}

function deliveryStore(
  database: Database,
  wakeUp: WakeUp,
  known: Known,
): PostgresStore['deliveries'] {
  const { hint, subscribe } = wakeUp
  const { memory } = known
  return {
    ...(subscribe && { subscribe }),
    async insert(events) {
      const inserted = await insertEvents(database, events)
      memory.sent(deliveriesOf(events))
      hint()
      return inserted
    },
    async insertAndClaim(events, request) {
      const answer = await insertAndClaim(database, known, events, request)
      if (!areAllClaimed(events, answer.claim?.deliveries ?? [])) hint()
      return answer
    },
    claimEvents: (request) => claimEvents(database, request),
    async fanOut(verdicts) {
      const applied = await fanOutEvents(database, verdicts)
      memory.sent(
        deliveriesOf(verdicts.map((one) => ({ tenantId: one.tenantId, fanOut: fanOutOf(one) }))),
      )
      return applied
    },
    claim: (request) => claimDeliveries(database, memory, request),
    extend: (held, leaseMs) => leases.extendLeases(database, held, leaseMs),
    async settle(batch) {
      const verdicts = await settleDeliveries(database, batch)
      memory.wake(leases.lanesOf(batch.map(({ lease }) => lease)))
      return verdicts
    },
    async release(held) {
      await leases.releaseLeases(database, held)
      memory.wake(leases.lanesOf(held))
    },
    cancel: (tenantId, id) => memory.doubting(leases.cancelDelivery(database, tenantId, id)),
    async redeliver(items) {
      const verdicts = await memory.doubting(leases.redeliver(database, items))
      hint()
      return verdicts
    },
    nextDueIn: async () => (await memory.search()).dueIn,
  }
}

/** What the host reads of endpoints tells which lanes are theirs. */
function endpointsOf(
  database: Database,
  memory: LaneMemory,
  tenants: TenantEndpoints,
): PostgresStore['endpoints'] {
  const store = endpointStore(database, tenants, memory.doubting)
  return {
    ...store,
    async insert(endpoint) {
      const inserted = await store.insert(endpoint)
      memory.know(inserted)
      return inserted
    },
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
