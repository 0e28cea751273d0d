import { areAllClaimed } from '../model/all-claimed'
import type { ClaimedDelivery } from '../model/delivery'
import type { InsertedEvent, NewEvent } from '../model/event'
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
  const slots = freeFor(context, countPending(events))
  if (begin === undefined || insertAndClaim === undefined || slots === 0) {
    const inserted = await whileBusy(() => deliveries.insert(events))
    context.wakeFor(events)
    return inserted
  }
  const request = { ...claimRequest(context, false), limit: slots, failingLimit: 0 }
  const giveBack = context.inFlight.reserve(slots)
  try {
    const answer = await whileBusy(() => insertAndClaim(events, request))
    const claim = answer.claim && (await received(context, answer.claim))
    for (const delivery of claim?.deliveries ?? []) begin(delivery)
    if (!claim || claim.suspects || !areAllClaimed(events, claim.deliveries))
      context.wakeFor(events)
    return answer.events
  } finally {
    giveBack()
  }
}

/** Half of the free slots at the most, so that a write that waits for another's lock does not keep all. */
function freeFor(context: WorkerContext, wanted: number): number {
  if (context.stopping.aborted) return 0
  const free = claimRequest(context, false).limit - context.gate.taken
  return Math.max(0, Math.min(wanted, Math.ceil(free / 2)))
}

const countPending = (events: readonly NewEvent[]): number =>
  events
    .flatMap(({ fanOut }) => fanOut?.deliveries ?? [])
    .filter(({ state }) => state.status === 'pending').length
