import type { NextState } from '../model/delivery'
import { claimRequest, claimUngated, mostInFlight } from './claim'
import type { WorkerContext } from './context'
import { runDelivery } from './run-delivery'

/**
 * Deliveries that were twice lost with a worker run with nothing beside them, so that only the guilty one is blamed for the next loss.
 * Nothing else is claimed until they are through, or `most` of them are.
 */
export function runSuspects(
  context: WorkerContext,
  most: number,
): Promise<readonly (NextState | undefined)[]> {
  const { gate, inFlight } = context
  const run = async () => {
    await inFlight.drained()
    const states: (NextState | undefined)[] = []
    while (states.length < most) {
      const { deliveries } = await claimUngated(context, claimRequest(context, true))
      if (deliveries.length === 0) break
      for (const delivery of deliveries) states.push(await runDelivery(context, delivery))
    }
    return states
  }
  return gate.run(() => gate.taking(mostInFlight(context), run))
}
