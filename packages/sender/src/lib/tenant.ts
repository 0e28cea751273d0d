import type { TenantContext } from './management/context'
import { createDeliveries } from './management/deliveries'
import { createEndpoints } from './management/endpoints'
import { createEvents } from './management/events'
import { recover } from './management/recover'
import { createSends } from './management/sends'
import { enqueue, inTransaction, type TransactionOption } from './management/transactions'
import type { HostTransactions } from './ports/store'
import type { TenantCalls } from './sender-types'
import type { PreparedEvent } from './sending/prepare'
import type { SendResult } from './sending/send'
import { whileBusy } from './store-retry'

/** The calls of one tenant, for a host of any kind: which of them a store has is a matter of the sender's type. */
export interface AnyTenant extends TenantCalls<never, HostTransactions> {
  enqueue(
    prepared: PreparedEvent | readonly PreparedEvent[],
    options?: TransactionOption,
  ): readonly SendResult[] | Promise<readonly SendResult[]>
  transaction<Result>(work: (tx: unknown) => Promise<Result>): Promise<Result>
}

export function createTenant(context: TenantContext): AnyTenant {
  const { tenantId, store } = context
  return {
    ...createSends(context),
    enqueue: (prepared, transaction) => enqueue(context, prepared, transaction),
    transaction: (work) => inTransaction(context, work),
    endpoints: createEndpoints(context),
    deliveries: createDeliveries(context),
    events: createEvents(context),
    recover: (plan) => recover(context, plan),
    statistics: () => whileBusy(() => store.log.statistics(tenantId)),
  }
}
