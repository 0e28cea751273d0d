import type { ClaimedDelivery } from './delivery'
import type { EndpointRecord } from './endpoint'
import type { NewDelivery, NewEvent } from './event'

/** Whether nothing but its cap holds a new delivery to the endpoint back: no pause, failure, throttle, rate or order. `now` is the store's. */
export const isOpenTo = (
  { orderingKey }: Pick<NewEvent, 'orderingKey'>,
  { status, health, throttledUntil = 0, rateLimit, ordered }: EndpointRecord,
  now: number,
): boolean =>
  status === 'enabled' &&
  health.state === 'healthy' &&
  throttledUntil <= now &&
  rateLimit === undefined &&
  (ordered === undefined || orderingKey === undefined)

/** What a store gave a delivery that it wrote under a lease. */
export interface BirthLease {
  readonly endpoint: EndpointRecord
  readonly token: string
  readonly createdAt: number
}

/** A delivery that was written under a lease, as a claim answers it: nothing has to be read again. */
export function bornLeased(
  { tenantId, id, type, orderingKey, metadata, body, fanOut }: NewEvent,
  { id: deliveryId, envelope }: NewDelivery,
  { endpoint, token, createdAt }: BirthLease,
): ClaimedDelivery {
  const own = fanOut?.bodies.find((each) => each.envelope === envelope)?.body
  return {
    lease: { tenantId, deliveryId, attempt: 1, token },
    eventId: id,
    eventType: type,
    ...(orderingKey === undefined ? {} : { orderingKey }),
    messageId: id,
    progress: { attempt: 1, lost: 0, soloLost: 0, deferred: 0 },
    createdAt,
    endpoint,
    body: envelope === undefined ? body : own,
    metadata,
  }
}
