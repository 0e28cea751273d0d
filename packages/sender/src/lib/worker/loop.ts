import { errorName } from '../emitter'
import { whileBusy } from '../store-retry'
import { claimDue } from './claim'
import type { WorkerContext } from './context'
import { keepLeases } from './lease-keeper'
import { matchRecorded } from './match-recorded'
import { runDelivery } from './run-delivery'
import { runSuspects } from './suspects'
import type { Waker } from './waker'

/** Suspects that one solo phase takes at the most, so that the others' wait stays short. */
const mostSolo = 50

/** A thin shell around the steps: runs until `signal`, wakes on hints, on freed slots and when something falls due. */
export async function runLoop(
  context: WorkerContext,
  waker: Waker,
  signal: AbortSignal,
): Promise<void> {
  const keeping = keepLeases(context, signal)
  const state: LoopState = { lastSolo: context.clock.now() }
  while (!signal.aborted) {
    try {
      const worked = await step(context, state, signal)
      if (!worked) await rest(context, waker, signal)
    } catch (error) {
      context.options.logger.error(
        { error: errorName(error) },
        'the worker could not use its store; it will try again',
      )
      context.emitter.emit('worker.error', { error })
      await context.clock.sleep(context.options.worker.pollMs, signal)
    }
  }
  await keeping
}

interface LoopState {
  lastSolo: number
}

async function step(
  context: WorkerContext,
  state: LoopState,
  signal: AbortSignal,
): Promise<boolean> {
  const matched = await matchRecorded(context)
  if (signal.aborted) return false
  const claim = await claimDue(context)
  for (const delivery of claim.deliveries) void runDelivery(context, delivery)
  if (claim.suspects && soloIsDue(context, state, claim.deliveries.length)) {
    await runSuspects(context, mostSolo)
    state.lastSolo = context.clock.now()
    return true
  }
  return matched + claim.deliveries.length > 0
}

/** When idle, or at the latest one lease after the last time: then the others wait. */
function soloIsDue(context: WorkerContext, state: LoopState, claimed: number): boolean {
  const idle = claimed === 0 && context.inFlight.size === 0
  return idle || context.clock.now() - state.lastSolo >= context.options.worker.leaseMs
}

async function rest(context: WorkerContext, waker: Waker, signal: AbortSignal): Promise<void> {
  const dueIn = await whileBusy(() => context.store.deliveries.nextDueIn())
  const most = context.options.worker.pollMs
  // Due, and yet not claimed: a cap or a full house holds it back, and a freed slot will wake us.
  const ms = dueIn === undefined || dueIn <= 0 ? most : Math.min(most, dueIn)
  await waker.wait(ms, signal)
}
