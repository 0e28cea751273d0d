import { WebhookError } from '@posthorn/schema'
import { checkFields } from '../checks'
import { compact } from '../compact'
import { type DeliveryRecord, type DeliveryStatus, deliveryStatuses } from '../model/delivery'
import { newId } from '../model/ids'
import type { DeliveryQuery } from '../ports/delivery-log'
import type { Redelivery, RedeliveryVerdict } from '../ports/delivery-store'
import { randomBytes } from '../random-bytes'
import { ownBody } from '../sending/fan-out'
import { whileBusy } from '../store-retry'
import { announceReplay } from './announce-replay'
import { isId, oneOf, text, time } from './arguments'
import type { TenantContext } from './context'
import { type Page, type PageQuery, pageFields, pageOf } from './paging'
import { type Attempt, type Delivery, viewAttempt, viewConcealed, viewDelivery } from './views'

/** Which deliveries to list; all that is given must hold. */
export interface DeliveryFilter extends PageQuery {
  readonly status?: DeliveryStatus
  readonly endpointId?: string
  readonly eventId?: string
  readonly type?: string
  /** Created at or after. */
  readonly since?: Date | string
  /** Created before. */
  readonly until?: Date | string
}

/** How a delivery is repeated. */
export interface ReplayOptions {
  /** `same` message id (default; the receiver may call it a duplicate), or a `new` one: `<eventId>-r<n>`. */
  readonly as?: 'same' | 'new'
}

/** The deliveries of one tenant. A call that names a delivery rejects with `delivery_not_found` if the tenant has none of that id. */
export interface Deliveries {
  /** Newest first. */
  list(filter?: DeliveryFilter): Promise<Page<Delivery>>
  get(id: string): Promise<Delivery>
  /** Every request made for it, oldest first. */
  attempts(id: string): Promise<readonly Attempt[]>
  /**
   * No further attempt. One under way is not called back. A failed one that keeps its ordering key waiting is given up, and the next goes.
   * `cancel_refused` once it is finished otherwise.
   */
  cancel(id: string): Promise<Delivery>
  /** A new delivery of the same event to the same endpoint. `replay_refused` with `details.reason` when it cannot be. */
  replay(id: string, options?: ReplayOptions): Promise<Delivery>
}

const filterFields = [
  ...pageFields,
  'status',
  'endpointId',
  'eventId',
  'type',
  'since',
  'until',
] satisfies (keyof DeliveryFilter)[]

export function createDeliveries(context: TenantContext): Deliveries {
  const { store, tenantId } = context
  return {
    list: async (filter = {}) => {
      const page = await whileBusy(() => store.log.list({ tenantId, ...deliveryQuery(filter) }))
      return { ...page, items: page.items.map(viewDelivery) }
    },
    get: async (id) => viewDelivery(await getDelivery(context, id)),
    attempts: async (id) => {
      await getDelivery(context, id)
      const view = context.options.concealsTargets ? viewConcealed : viewAttempt
      return (await whileBusy(() => store.log.attempts(tenantId, id))).map(view)
    },
    cancel: async (id) => {
      const verdict = isId(id)
        ? await whileBusy(() => store.deliveries.cancel(tenantId, id))
        : 'not_found'
      if (verdict === 'not_found') throw notFound()
      if (verdict === 'finished')
        throw new WebhookError('cancel_refused', 'The delivery is finished already.')
      return viewDelivery(await getDelivery(context, id))
    },
    replay: (id, options = {}) => replay(context, id, options),
  }
}

/** The filter as a store takes it. `further` are fields of the caller's own. */
export function deliveryQuery(
  filter: DeliveryFilter,
  further: readonly string[] = [],
): Omit<DeliveryQuery, 'tenantId'> {
  checkFields('filter', filter, [...filterFields, ...further])
  return {
    ...pageOf(filter),
    ...compact({
      status: oneOf(filter.status, 'status', deliveryStatuses),
      endpointId: text(filter.endpointId, 'endpointId'),
      eventId: text(filter.eventId, 'eventId'),
      type: text(filter.type, 'type'),
      since: time(filter.since, 'since'),
      until: time(filter.until, 'until'),
    }),
  }
}

async function replay(
  context: TenantContext,
  id: string,
  options: ReplayOptions,
): Promise<Delivery> {
  context.refuseIfStopped()
  checkFields('replay', options, ['as'])
  const as = oneOf(options.as, 'as', ['same', 'new']) ?? 'same'
  const original = await getDelivery(context, id)
  const item = await redeliveryOf(context, original, as)
  const [verdict] = await whileBusy(() => context.store.deliveries.redeliver([item]))
  if (verdict !== 'created') throw refused(reasonOf(verdict))
  announceReplay(context, item, original.eventType)
  context.wake()
  return viewDelivery(await getDelivery(context, item.id))
}

async function redeliveryOf(
  context: TenantContext,
  original: DeliveryRecord,
  as: 'same' | 'new',
): Promise<Redelivery> {
  const { tenantId, store } = context
  const { eventId, endpointId } = original
  const endpoint = await whileBusy(() => store.endpoints.get(tenantId, endpointId))
  if (endpoint === undefined) throw refused('endpoint_deleted')
  if (endpoint.status === 'disabled') throw refused('endpoint_disabled')
  const event = await whileBusy(() => store.log.event(tenantId, eventId))
  if (event?.body === undefined) throw refused('payload_pruned')
  const id = newId('dlv', context.now(), randomBytes)
  return {
    tenantId,
    id,
    eventId,
    endpointId,
    as,
    replayOf: original.id,
    ...ownBody(context.fanOut, endpoint, event.body),
  }
}

type RefusalReason = 'pending' | 'endpoint_disabled' | 'endpoint_deleted' | 'payload_pruned'

const refusals: Readonly<Record<RefusalReason, string>> = {
  pending:
    'a delivery of this event to this endpoint is not finished yet: wait for it, or cancel it',
  endpoint_disabled: 'the endpoint is disabled: enable it first',
  endpoint_deleted: 'the endpoint was deleted',
  payload_pruned: 'the payload of its event was pruned',
}

function reasonOf(verdict: Exclude<RedeliveryVerdict, 'created'> | undefined): RefusalReason {
  if (verdict === 'pending') return 'pending'
  return verdict === 'endpoint_not_found' ? 'endpoint_deleted' : 'payload_pruned'
}

function refused(reason: RefusalReason): WebhookError {
  return new WebhookError(
    'replay_refused',
    `The delivery cannot be replayed: ${refusals[reason]}.`,
    { details: { reason } },
  )
}

export async function getDelivery(
  context: Pick<TenantContext, 'store' | 'tenantId'>,
  id: string,
): Promise<DeliveryRecord> {
  const record = isId(id)
    ? await whileBusy(() => context.store.log.get(context.tenantId, id))
    : undefined
  if (record === undefined) throw notFound()
  return record
}

function notFound(): WebhookError {
  return new WebhookError('delivery_not_found', 'This tenant has no delivery of that id.')
}
