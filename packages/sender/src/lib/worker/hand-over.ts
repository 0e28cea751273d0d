import type { ClaimedDelivery } from '../model/delivery'
import type { InsertedEvent, NewEvent } from '../model/event'
import type { DeliveryClaim } from '../ports/delivery-store'
import { whileBusy } from '../store-retry'
import { claimRequest, received } from './claim'
import type { WorkerContext } from './context'

/** Begins a delivery, as the started worker does. */
export type Begin = (delivery: ClaimedDelivery) => void

/**
 * Writes events and, as far as slots are free, claims their deliveries in the same step: they begin without a further look at the store.
 * What is left over is for the loop to find.
 */
export async function insertAndBegin(
  context: WorkerContext,
  events: readonly NewEvent[],
  begin: Begin | undefined,
): Promise<readonly InsertedEvent[]> {
  const { deliveries } = context.store
  const insertAndClaim = deliveries.insertAndClaim?.bind(deliveries)
  const wanted = pendingIn(events)
  const slots = freeFor(context, wanted.length)
  if (begin === undefined || insertAndClaim === undefined || slots === 0) {
    const inserted = await whileBusy(() => deliveries.insert(events))
    context.wake()
    return inserted
  }
  const request = { ...claimRequest(context, false), limit: slots, failingLimit: 0 }
  const giveBack = context.inFlight.reserve(slots)
  try {
    const answer = await whileBusy(() => insertAndClaim(events, request))
    const claim = await received(context, answer.claim)
    for (const delivery of claim.deliveries) begin(delivery)
    if (!isAllOf(wanted, claim)) context.wake()
    return answer.events
  } finally {
    giveBack()
  }
}

/** Half of the free slots at the most, so that a write that waits for another's lock does not keep all; none while others are claiming. */
function freeFor(context: WorkerContext, wanted: number): number {
  if (!context.gate.isFree || context.stopping.aborted) return 0
  const free = claimRequest(context, false).limit
  return Math.max(0, Math.min(wanted, Math.ceil(free / 2)))
}

const pendingIn = (events: readonly NewEvent[]): readonly string[] =>
  events.flatMap(({ fanOut }) =>
    (fanOut?.deliveries ?? [])
      .filter(({ state }) => state.status === 'pending')
      .map(({ id }) => id),
  )

function isAllOf(wanted: readonly string[], { deliveries, suspects }: DeliveryClaim): boolean {
  if (suspects || deliveries.length < wanted.length) return false
  const claimed = new Set(deliveries.map(({ lease }) => lease.deliveryId))
  return wanted.every((id) => claimed.has(id))
}
