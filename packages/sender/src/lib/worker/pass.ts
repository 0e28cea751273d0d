import type { NextState } from '../model/delivery'
import { claimDue } from './claim'
import type { WorkerContext } from './context'
import { keepingLeases } from './lease-keeper'
import { matchRecorded } from './match-recorded'
import { runDelivery } from './run-delivery'
import { runSuspects } from './suspects'

/** What one pass did. */
export interface PassReport {
  /** Recorded events that were matched. */
  readonly matched: number
  readonly succeeded: number
  /** Attempts that failed and will be repeated. */
  readonly retrying: number
  readonly failed: number
  readonly skipped: number
}

type Counts = { -readonly [Key in keyof PassReport]: number }

/**
 * Runs all that is due now, and returns when nothing more is, and nothing is in flight that others of this process claimed first. What falls
 * due meanwhile is taken along. A stop ends it early, after its deliveries in flight.
 */
export function runPass(context: WorkerContext): Promise<PassReport> {
  const counts: Counts = { matched: 0, succeeded: 0, retrying: 0, failed: 0, skipped: 0 }
  return keepingLeases(context, async () => {
    while (!context.stopping.aborted && (await runRound(context, counts)));
    return counts
  })
}

/** One claim and its deliveries; suspects alone, once nothing else is due. Answers whether another round may find more. */
async function runRound(context: WorkerContext, counts: Counts): Promise<boolean> {
  const matched = await matchRecorded(context)
  counts.matched += matched
  const { deliveries, suspects } = await claimDue(context, 'all')
  const running = deliveries.map((delivery) => runDelivery(context, delivery))
  for (const state of await Promise.all(running)) count(counts, state)
  if (matched + deliveries.length > 0) return true
  if (context.inFlight.size > 0) {
    // Another pass, or the started worker, has the slots or the places under a cap that what is due is waiting for.
    await context.inFlight.freed()
    return true
  }
  if (!suspects) return false
  const states = await runSuspects(context, Number.POSITIVE_INFINITY)
  for (const state of states) count(counts, state)
  return states.length > 0
}

function count(counts: Counts, state: NextState | undefined): void {
  if (state === undefined) return
  counts[state.status === 'pending' ? 'retrying' : state.status] += 1
}
