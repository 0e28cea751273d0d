import { dueAfter, opensAt, type Pace, startsAllowed } from '@posthorn/sender/store'
import type { Connection } from '../connection'
import { int, type Row } from '../values'

const READ_PACE = `
  SELECT pace_interval, pace_spare, pace_due FROM posthorn_lanes
  WHERE lane = ? AND pace_interval IS NOT NULL`

const WRITE_PACE = 'UPDATE posthorn_lanes SET pace_due = ?, paced_until = ? WHERE lane = ?'

interface PaceState {
  readonly pace: Pace
  /** When the next request would begin, if each took its interval. */
  readonly due: number
}

/** From the columns of a lane; undefined where it has no limit. */
function toPace(row: Row): PaceState | undefined {
  const { pace_interval: intervalMs, pace_due: due } = row
  if (typeof intervalMs !== 'number' || typeof due !== 'number') return undefined
  return { pace: { intervalMs, spare: int(row, 'pace_spare') }, due }
}

/** How many requests to a lane's endpoint may begin now. */
export function startsLeft(connection: Connection, lane: number, now: number): number {
  const row = connection.get(READ_PACE, lane)
  const state = row && toPace(row)
  return state ? startsAllowed(state.pace, state.due, now) : Number.POSITIVE_INFINITY
}

/** Counts requests that begin now, where the lane has a limit. */
export function countStarts(
  connection: Connection,
  { lane, starts, now }: { readonly lane: number; readonly starts: number; readonly now: number },
): void {
  const row = connection.get(READ_PACE, lane)
  const state = row && toPace(row)
  if (!state) return
  const due = dueAfter(state.pace, state.due, now, starts)
  connection.run(WRITE_PACE, due, opensAt(state.pace, due), lane)
}
