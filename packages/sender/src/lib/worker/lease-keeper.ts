import { errorText } from '../error-text'
import { whileBusy } from '../store-retry'
import type { WorkerContext } from './context'

/**
 * Runs `work`, and meanwhile extends the leases of what is in flight, every third of a lease. An attempt ends well within its lease; this is
 * for outcomes that wait for a busy store.
 */
export async function keepingLeases<Result>(
  context: WorkerContext,
  work: () => Promise<Result>,
): Promise<Result> {
  const over = new AbortController()
  const keeping = keep(context, over.signal)
  try {
    return await work()
  } finally {
    over.abort('over')
    await keeping
  }
}

async function keep(context: WorkerContext, over: AbortSignal): Promise<void> {
  const { leaseMs } = context.options.worker
  while (!over.aborted) {
    await context.clock.sleep(leaseMs / 3, over)
    if (!over.aborted) await extendAll(context, leaseMs)
  }
}

async function extendAll(context: WorkerContext, leaseMs: number): Promise<void> {
  const leases = context.inFlight.leases()
  if (leases.length === 0) return
  try {
    const held = await whileBusy(() => context.store.deliveries.extend(leases, leaseMs))
    if (held.length === leases.length) return
    const tokens = new Set(held.map(({ token }) => token))
    for (const { token, ...lease } of leases) {
      if (!tokens.has(token))
        context.options.logger.warn(lease, 'a lease was lost while its attempt ran')
    }
  } catch (error) {
    context.options.logger.error({ error: errorText(error) }, 'leases could not be extended')
  }
}
