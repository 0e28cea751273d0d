import { errorName } from '../emitter'
import { whileBusy } from '../store-retry'
import type { WorkerContext } from './context'

/**
 * Extends the leases of what is in flight, every third of a lease, until `signal`. An attempt ends well within its lease; this is for outcomes
 * that wait for a busy store.
 */
export async function keepLeases(context: WorkerContext, signal: AbortSignal): Promise<void> {
  const { leaseMs } = context.options.worker
  while (!signal.aborted) {
    await context.clock.sleep(leaseMs / 3, signal)
    if (signal.aborted) return
    await extendAll(context, leaseMs)
  }
}

async function extendAll(context: WorkerContext, leaseMs: number): Promise<void> {
  const leases = context.inFlight.leases()
  if (leases.length === 0) return
  try {
    const held = await whileBusy(() => context.store.deliveries.extend(leases, leaseMs))
    const lost = leases.length - held.length
    if (lost > 0) context.options.logger.warn({ lost }, 'leases were lost while their attempts ran')
  } catch (error) {
    context.options.logger.error({ error: errorName(error) }, 'leases could not be extended')
  }
}
