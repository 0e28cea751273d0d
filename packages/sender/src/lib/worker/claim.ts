import type { DeliveryClaim } from '../ports/delivery-store'
import { whileBusy } from '../store-retry'
import type { WorkerContext } from './context'

/** Claims for the free slots; one claim at a time, so that slots are not given away twice. */
export function claimDue(context: WorkerContext): Promise<DeliveryClaim> {
  return context.gate.run(() => claimUngated(context, false))
}

/** Claims for the free slots, or one suspect alone, and counts what it got as in flight. */
export async function claimUngated(context: WorkerContext, solo: boolean): Promise<DeliveryClaim> {
  const { store, options, inFlight, time } = context
  const { concurrency, perEndpoint, leaseMs } = options.worker
  const failingSlots = Math.max(1, Math.floor(concurrency * options.health.failingShare))
  const request = {
    limit: solo ? 1 : concurrency - inFlight.size,
    leaseMs,
    perEndpoint,
    failingLimit: solo ? 1 : Math.max(0, failingSlots - inFlight.failing),
    solo,
  }
  if (request.limit <= 0) return { now: time.now(), deliveries: [], suspects: false }
  const claim = await whileBusy(() => store.deliveries.claim(request))
  time.observe(claim.now)
  for (const delivery of claim.deliveries) inFlight.add(delivery)
  return claim
}
