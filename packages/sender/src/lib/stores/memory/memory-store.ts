import { WebhookError } from '@posthorn/schema'
import { systemClock } from '../../clock'
import type { Clock } from '../../ports/clock'
import type { SenderStore, SyncTransactions } from '../../ports/store'
import { claimDeliveries, insertAndClaim } from './claims'
import * as endpoints from './endpoints'
import { claimEvents, fanOutEvents, insertEvents } from './events'
import * as log from './log'
import { toDeliveryRecord, toEventRecord } from './records'
import { redeliver } from './redeliver'
import { prune } from './retention'
import * as leases from './settle'
import { createState, findDelivery, findEvent, findLane, type MemoryState } from './state'

export interface MemoryStoreOptions {
  /** Decides due times and leases; the sender's clock unless given. */
  readonly clock?: Clock
}

/** What `memoryStore` makes: `host.enqueue` is synchronous, and no `tx` goes with it. */
export type MemoryStore = SenderStore<SyncTransactions<undefined>>

/**
 * Keeps everything in this process's memory, by the same laws as the databases. For tests and trials: a restart forgets all of it, and
 * `host.enqueue` belongs to no transaction. `migrate` may be left out.
 *
 * @example
 * const sender = createSender({ events, store: memoryStore() })
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const state = createState(options.clock ?? systemClock)
  const store = memoryStoreOver(state)
  const useClock = (clock: Clock) => {
    if (!options.clock) state.clock = clock
  }
  return { ...store, useClock }
}

/** The store over a state that is at hand. */
export function memoryStoreOver(state: MemoryState): MemoryStore {
  let closed = false
  const assertOpen = () => {
    if (closed) throw new WebhookError('store_closed', 'The store was closed. Make a new one.')
  }
  const open: Opener =
    (operation) =>
    async (...args) => {
      assertOpen()
      return operation(state, ...args)
    }
  return {
    ...ports(state, open),
    host: {
      kind: 'sync',
      enqueue(events) {
        assertOpen()
        return insertEvents(state, events)
      },
    },
    async migrate() {
      assertOpen()
    },
    async close() {
      closed = true
    },
  }
}

type Opener = <Args extends unknown[], Result>(
  operation: (state: MemoryState, ...args: Args) => Result,
) => (...args: Args) => Promise<Result>

function ports(
  state: MemoryState,
  open: Opener,
): Pick<MemoryStore, 'deliveries' | 'log' | 'endpoints' | 'retention'> {
  return {
    deliveries: {
      insert: open(insertEvents),
      insertAndClaim: open(insertAndClaim),
      claimEvents: open(claimEvents),
      fanOut: open(fanOutEvents),
      claim: open(claimDeliveries),
      extend: open(leases.extendLeases),
      settle: open(leases.settleDeliveries),
      release: open(leases.releaseLeases),
      cancel: open(leases.cancelDelivery),
      redeliver: open(redeliver),
      nextDueIn: open(leases.nextDueIn),
    },
    log: {
      list: open(log.listDeliveries),
      get: open((state, tenantId: string, id: string) => {
        const row = findDelivery(state, tenantId, id)
        return row && toDeliveryRecord(row)
      }),
      attempts: open(log.listAttempts),
      event: open((state, tenantId: string, id: string) => {
        const row = findEvent(state, tenantId, id)
        return row && toEventRecord(row)
      }),
      events: open(log.listEvents),
      history: open(log.listHistory),
      statistics: open((state, tenantId?: string) => log.countAll(state, tenantId)),
    },
    endpoints: {
      insert: open(endpoints.insertEndpoint),
      get: open((state, tenantId: string, id: string) => findLane(state, tenantId, id)?.endpoint),
      list: open(endpoints.listEndpoints),
      forTenant: open(endpoints.endpointsOf),
      remembered: (tenantId) => endpoints.rememberedOf(state, tenantId),
      replace: open(endpoints.replaceEndpoint),
      remove: open(endpoints.removeEndpoint),
      transition: open(endpoints.transitionEndpoints),
    },
    retention: { prune: open(prune) },
  }
}
