import type { ClaimedDelivery } from '../model/delivery'

/** What each line of the log about a delivery says of it, beside the worker. */
export function idsOf({ lease, endpoint, eventId }: ClaimedDelivery) {
  const { tenantId, deliveryId, attempt } = lease
  return { tenantId, deliveryId, endpointId: endpoint.id, eventId, attempt }
}
