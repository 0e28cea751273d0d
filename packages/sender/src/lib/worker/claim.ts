import { errorText } from '../error-text'
import type { DeliveryClaim, DeliveryClaimRequest } from '../ports/delivery-store'
import { whileBusy } from '../store-retry'
import type { WorkerContext } from './context'

/** Claims for the free slots, or for half of them, so that what is sent meanwhile finds some. */
export function claimDue(context: WorkerContext, share: 'all' | 'half'): Promise<DeliveryClaim> {
  return context.gate.run(() => {
    const request = claimRequest(context, false)
    const limit = share === 'all' ? request.limit : Math.ceil(request.limit / 2)
    return context.gate.taking(limit, () => claimUngated(context, { ...request, limit }))
  })
}

/** Counts what it got as in flight. Claims nothing once a stop was asked for. */
export async function claimUngated(
  context: WorkerContext,
  request: DeliveryClaimRequest,
): Promise<DeliveryClaim> {
  const { store, time, stopping } = context
  if (request.limit <= 0 || stopping.aborted)
    return { now: time.now(), deliveries: [], suspects: false }
  return received(context, await whileBusy(() => store.deliveries.claim(request)))
}

/** Counts what was claimed as in flight, or gives it back where a stop was asked for meanwhile. */
export async function received(
  context: WorkerContext,
  claim: DeliveryClaim,
): Promise<DeliveryClaim> {
  const { inFlight, time, stopping } = context
  time.observe(claim.now)
  if (stopping.aborted) {
    await release(context, claim)
    return { now: claim.now, deliveries: [], suspects: false }
  }
  for (const delivery of claim.deliveries) inFlight.add(delivery)
  context.telemetry?.metrics.claimed(claim.deliveries)
  return claim
}

async function release({ store, options }: WorkerContext, claim: DeliveryClaim): Promise<void> {
  const leases = claim.deliveries.map((delivery) => delivery.lease)
  if (leases.length === 0) return
  try {
    await whileBusy(() => store.deliveries.release(leases))
  } catch (error) {
    options.logger.error(
      { error: errorText(error) },
      'leases could not be given back; they will run out',
    )
  }
}

export function claimRequest(context: WorkerContext, solo: boolean): DeliveryClaimRequest {
  const { options, inFlight } = context
  const { concurrency, perEndpoint, leaseMs } = options.worker
  const failingSlots = Math.max(1, Math.floor(concurrency * options.health.failingShare))
  return {
    limit: solo
      ? 1
      : Math.min(concurrency - inFlight.attempting, mostInFlight(context) - inFlight.size),
    leaseMs,
    perEndpoint,
    probeAfterMs: options.health.probeAfterMs,
    failingLimit: solo ? 1 : Math.max(0, failingSlots - inFlight.failing),
    solo,
  }
}

/** Slots are for attempts. Outcomes that the store has not yet are as many again at the most, however slow it is. */
export const mostInFlight = ({ options }: WorkerContext): number => 2 * options.worker.concurrency
