import type { DeliveryClaimRequest, InsertedAndClaimed, NewEvent } from '@posthorn/sender'
import { claimDeliveries } from './claims'
import type { StoreContext } from './context'
import { insertEvents } from './events'
import { nextTimes, nothingDue } from './queue'

/** In one transaction: it waits for the disk once, as the insert alone would. */
export function insertAndClaim(
  context: StoreContext,
  events: readonly NewEvent[],
  request: DeliveryClaimRequest,
): InsertedAndClaimed {
  const inserted = insertEvents(context, events)
  const times = nextTimes(context)
  const claim = nothingDue(context, times) ?? claimDeliveries(context, times, request)
  return { events: inserted, claim }
}
