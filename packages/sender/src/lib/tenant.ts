import { refusal } from './checks'
import type { TenantContext } from './management/context'
import { createDeliveries } from './management/deliveries'
import { createEndpoints } from './management/endpoints'
import { createEvents } from './management/events'
import { recover } from './management/recover'
import {
  enqueue,
  inTransaction,
  type TransactionOption,
  writesInTransaction,
} from './management/transactions'
import type { HostTransactions } from './ports/store'
import type { TenantCalls } from './sender-types'
import { type EventToSend, type PreparedEvent, prepare } from './sending/prepare'
import { only, type SendResult } from './sending/send'
import { whileBusy } from './store-retry'

/** The calls of one tenant, for a host of any kind: which of them a store has is a matter of the sender's type. */
export interface AnyTenant extends TenantCalls<never, HostTransactions> {
  enqueue(
    prepared: PreparedEvent | readonly PreparedEvent[],
    options?: TransactionOption,
  ): readonly SendResult[] | Promise<readonly SendResult[]>
  transaction<Result>(work: (tx: unknown) => Promise<Result>): Promise<Result>
}

const invalid = refusal('invalid_argument')

export function createTenant(context: TenantContext): AnyTenant {
  const { tenantId, options, store } = context
  const { events, maxPayloadBytes } = options
  const prepareOne = async (event: EventToSend): Promise<PreparedEvent> => {
    context.refuseIfStopped()
    return prepare({ events, maxPayloadBytes, now: context.now }, tenantId, event)
  }
  const sendMany = async (
    list: readonly EventToSend[],
    transaction: TransactionOption = {},
  ): Promise<readonly SendResult[]> => {
    if (!Array.isArray(list)) throw invalid('events', 'must be an array')
    const isInside = writesInTransaction(store.host, transaction)
    const prepared = await Promise.all(Array.from(list, prepareOne))
    if (isInside) return enqueue(context, prepared, transaction)
    const results = await Promise.all(prepared.map((event) => context.inserter.add(event)))
    context.wake()
    return results
  }
  return {
    prepare: prepareOne,
    send: async (event, transaction) => only(await sendMany([event], transaction)),
    sendMany,
    enqueue: (prepared, transaction) => enqueue(context, prepared, transaction),
    transaction: (work) => inTransaction(context, work),
    endpoints: createEndpoints(context),
    deliveries: createDeliveries(context),
    events: createEvents(context),
    recover: (plan) => recover(context, plan),
    statistics: () => whileBusy(() => store.log.statistics(tenantId)),
  }
}
