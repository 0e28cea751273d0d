import type { ClaimedDelivery } from './delivery'
import type { NewEvent } from './event'

/** Whether nothing of the events is left for another claim: each is matched, and each delivery that is to be made was claimed. */
export function areAllClaimed(
  events: readonly NewEvent[],
  deliveries: readonly Pick<ClaimedDelivery, 'lease'>[],
): boolean {
  const claimed = new Set(deliveries.map(({ lease }) => lease.deliveryId))
  return events.every(
    ({ fanOut }) =>
      fanOut?.deliveries.every(({ id, state }) => state.status !== 'pending' || claimed.has(id)) ??
      false,
  )
}
