import { WebhookError } from '@posthorn/schema'
import type { TenantContext } from './management/context'
import { createDeliveries } from './management/deliveries'
import { createEndpoints } from './management/endpoints'
import { createEvents } from './management/events'
import { recover } from './management/recover'
import type { HostTransactions } from './ports/store'
import type { TenantCalls } from './sender-types'
import { type EventToSend, type PreparedEvent, prepare } from './sending/prepare'
import type { SendResult } from './sending/send'
import { whileBusy } from './store-retry'

type AnyTenant = TenantCalls<never, HostTransactions> & TenantTransactions

interface TenantTransactions {
  enqueue(
    prepared: PreparedEvent | readonly PreparedEvent[],
    options?: { readonly tx?: unknown },
  ): readonly SendResult[] | Promise<readonly SendResult[]>
  transaction<Result>(work: (tx: unknown) => Promise<Result>): Promise<Result>
}

/** The calls of one tenant. */
export function createTenant(context: TenantContext): AnyTenant {
  const { tenantId, options, store } = context
  const prepareContext = {
    events: options.events,
    maxPayloadBytes: options.maxPayloadBytes,
    now: context.now,
  }
  const prepareOne = async (event: EventToSend): Promise<PreparedEvent> => {
    context.refuseIfStopped()
    return prepare(prepareContext, tenantId, event)
  }
  const enqueue: TenantTransactions['enqueue'] = (prepared, { tx } = {}) => {
    context.refuseIfStopped()
    return enqueueOn(context, list(prepared), tx)
  }
  const sendMany = async (
    events: readonly EventToSend[],
    given: { readonly tx?: unknown } = {},
  ) => {
    const prepared = await Promise.all(events.map(prepareOne))
    if (given.tx !== undefined) return enqueueOn(context, prepared, given.tx)
    const results = await Promise.all(prepared.map((event) => context.inserter.add(event)))
    context.wake()
    return results
  }
  return {
    prepare: prepareOne,
    send: async (event, given) => first(await sendMany([event], given)),
    sendMany,
    enqueue,
    transaction: (work) => inTransaction(context, work),
    endpoints: createEndpoints(context),
    deliveries: createDeliveries(context),
    events: createEvents(context),
    recover: (plan) => recover(context, plan),
    statistics: () => whileBusy(() => store.log.statistics(tenantId)),
  }
}

function enqueueOn(context: TenantContext, prepared: readonly PreparedEvent[], tx: unknown) {
  const { host } = context.store
  for (const event of prepared) {
    if (event.tenantId !== context.tenantId) {
      throw new WebhookError(
        'invalid_argument',
        'The event was prepared for another tenant: use `sender.tenant(id).prepare`.',
      )
    }
  }
  // The handle's type is checked where the sender is typed; here it is only passed through.
  if (host.kind === 'sync') return host.enqueue(prepared, tx as undefined)
  if (host.kind === 'async' && tx !== undefined) return host.enqueue(prepared, tx as never)
  throw new TypeError(
    host.kind === 'async'
      ? '`enqueue` and `{ tx }` need the transaction to write in'
      : 'this store has no host transactions',
  )
}

async function inTransaction<Result>(
  context: TenantContext,
  work: (tx: unknown) => Promise<Result>,
): Promise<Result> {
  const { host } = context.store
  if (host.kind !== 'async') {
    throw new TypeError(
      'this store’s transactions are synchronous: `prepare` first, then `enqueue(prepared, { tx })` inside',
    )
  }
  const result = await host.transaction(work)
  context.wake()
  return result
}

function list(prepared: PreparedEvent | readonly PreparedEvent[]): readonly PreparedEvent[] {
  return Array.isArray(prepared) ? prepared : [prepared as PreparedEvent]
}

function first(results: readonly SendResult[]): SendResult {
  const [result] = results
  if (result === undefined)
    throw new WebhookError('store_failed', 'The store answered nothing for an event.')
  return result
}

/** 1 to 128 printable characters; a name, not a path or a prototype. */
export function checkTenantId(tenantId: unknown): string {
  if (typeof tenantId === 'string' && /^[\x21-\x7e]{1,128}$/.test(tenantId)) return tenantId
  throw new WebhookError(
    'invalid_argument',
    'A tenant id is 1 to 128 printable ASCII characters without spaces.',
  )
}
