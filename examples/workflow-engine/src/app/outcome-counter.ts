import type { ReceiveOutcome, Receiver } from '@posthorn/receiver'
import { z } from 'zod'

export const outcomeCounts = z.object({
  handled: z.int(),
  duplicate: z.int(),
  unknown_type: z.int(),
  /** By code. */
  refused: z.record(z.string(), z.int()),
})

/** What became of the requests that came. */
export type OutcomeCounts = z.infer<typeof outcomeCounts>

type CanReceive = Pick<Receiver, 'receive'>

/** Counts what a receiver answers, whether or not the answer finds its way back. */
export function countOutcomes(receiver: CanReceive): CanReceive & { counts(): OutcomeCounts } {
  const counts: OutcomeCounts = { handled: 0, duplicate: 0, unknown_type: 0, refused: {} }
  return {
    async receive(request) {
      const result = await receiver.receive(request)
      count(counts, result.outcome)
      return result
    },
    counts: () => counts,
  }
}

function count(counts: OutcomeCounts, outcome: ReceiveOutcome): void {
  if (outcome.kind === 'refused') {
    counts.refused[outcome.code] = (counts.refused[outcome.code] ?? 0) + 1
  } else if (outcome.kind !== 'accepted' && outcome.kind !== 'stale') {
    // This app has no inbox, and keeps no order.
    counts[outcome.kind] += 1
  }
}
