import type { EndpointRecord } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, type Row } from '../values'

/*
 * A rate limit as GCRA keeps it; the port says why `spare` is taken off the rate.
 */

const READ_PACE = `
  SELECT pace_interval, pace_spare, pace_due FROM posthorn_lanes
  WHERE lane = ? AND pace_interval IS NOT NULL`

const WRITE_PACE = 'UPDATE posthorn_lanes SET pace_due = ?, paced_until = ? WHERE lane = ?'

/** By how much rounding may be out, far below what a clock tells. */
const ROUNDING_MS = 1e-3

/** How far apart requests begin, and how many of them a pause saves up. */
export interface Pace {
  readonly interval: number
  readonly spare: number
}

export function paceOf({ limit, perMs }: NonNullable<EndpointRecord['rateLimit']>): Pace {
  const spare = Math.floor(limit / 20)
  return { interval: perMs / (limit - spare), spare }
}

interface PaceState extends Pace {
  /** When the next request would begin, if each took its interval. */
  readonly due: number
}

function toPace(row: Row): PaceState | undefined {
  const { pace_interval: interval, pace_due: due } = row
  if (typeof interval !== 'number' || typeof due !== 'number') return undefined
  return { interval, due, spare: int(row, 'pace_spare') }
}

/** How many requests may begin now, from the columns of a lane. */
export function startsAllowed(lane: Row, now: number): number {
  const pace = toPace(lane)
  if (!pace) return Number.POSITIVE_INFINITY
  const ahead = Math.max(0, pace.due - now - ROUNDING_MS) / pace.interval
  return Math.max(0, Math.floor(pace.spare - ahead) + 1)
}

/** Counts requests that begin now, where the lane has a limit. */
export function countStarts(
  connection: Connection,
  { lane, starts, now }: { readonly lane: number; readonly starts: number; readonly now: number },
): void {
  const row = connection.get(READ_PACE, lane)
  const pace = row && toPace(row)
  if (!pace) return
  const due = Math.max(pace.due, now) + starts * pace.interval
  const opens = Math.ceil(due - pace.spare * pace.interval - ROUNDING_MS)
  connection.run(WRITE_PACE, due, opens, lane)
}
