import type { NextState } from '../model/delivery'
import { claimDue } from './claim'
import type { WorkerContext } from './context'
import { keepLeases } from './lease-keeper'
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

/** Runs all that is due now, and returns when nothing more is. What falls due meanwhile is taken along. */
export async function runPass(context: WorkerContext): Promise<PassReport> {
  const counts: Counts = { matched: 0, succeeded: 0, retrying: 0, failed: 0, skipped: 0 }
  const keeper = new AbortController()
  const keeping = keepLeases(context, keeper.signal)
  try {
    while (await runRound(context, counts));
  } finally {
    keeper.abort()
    await keeping
  }
  return counts
}

/** One claim and its deliveries; suspects alone, once nothing else is due. Answers whether there was anything. */
async function runRound(context: WorkerContext, counts: Counts): Promise<boolean> {
  const matched = await matchRecorded(context)
  counts.matched += matched
  const { deliveries, suspects } = await claimDue(context)
  for (const state of await Promise.all(
    deliveries.map((delivery) => runDelivery(context, delivery)),
  ))
    count(counts, state)
  if (matched + deliveries.length > 0) return true
  if (!suspects) return false
  const states = await runSuspects(context, Number.POSITIVE_INFINITY)
  for (const state of states) count(counts, state)
  return states.length > 0
}

function count(counts: Counts, state: NextState | undefined): void {
  if (state === undefined) return
  counts[state.status === 'pending' ? 'retrying' : state.status] += 1
}
