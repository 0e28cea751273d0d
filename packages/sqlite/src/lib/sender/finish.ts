import type { Connection } from '../connection'
import { type FinalStatus, Tallies } from './tallies'

const FINISH = `
  UPDATE posthorn_deliveries SET
    status = j.value ->> 1, reason = j.value ->> 2, finished_at = ?,
    attempt = q.attempt, lost = q.lost, solo_lost = q.solo_lost, deferred = q.deferred,
    last_status = coalesce(j.value ->> 3, q.last_status)
  FROM json_each(?) AS j CROSS JOIN posthorn_queue q ON q.seq = j.value ->> 0
  WHERE posthorn_deliveries.seq = q.seq`

const DEQUEUE = 'DELETE FROM posthorn_queue WHERE seq IN (SELECT value FROM json_each(?))'

const CANCEL_LANE = `
  UPDATE posthorn_deliveries SET
    status = 'canceled', finished_at = ?,
    attempt = q.attempt, lost = q.lost, solo_lost = q.solo_lost, deferred = q.deferred,
    last_status = q.last_status
  FROM posthorn_queue q WHERE q.lane = ? AND posthorn_deliveries.seq = q.seq`

const DEQUEUE_LANE = 'DELETE FROM posthorn_queue WHERE lane = ?'

/** How an unfinished delivery ends. */
export interface Ending {
  readonly seq: number
  readonly tenantId: string
  readonly status: FinalStatus
  readonly reason?: string
  readonly lastStatus?: number
}

/** Takes deliveries out of the queue and writes what became of them. */
export function finish(connection: Connection, endings: readonly Ending[], now: number): void {
  if (endings.length === 0) return
  const tallies = new Tallies()
  const rows = endings.map(({ seq, tenantId, status, reason, lastStatus }) => {
    tallies.add(tenantId, status, 1)
    return [seq, status, reason ?? null, lastStatus ?? null]
  })
  connection.run(FINISH, now, JSON.stringify(rows))
  connection.run(DEQUEUE, JSON.stringify(endings.map(({ seq }) => seq)))
  tallies.write(connection)
}

/** Cancels all that waits, or is under way, in a lane. */
export function cancelLane(
  connection: Connection,
  { tenantId, lane, now }: { tenantId: string; lane: number; now: number },
): void {
  connection.run(CANCEL_LANE, now, lane)
  const canceled = connection.run(DEQUEUE_LANE, lane)
  const tallies = new Tallies()
  tallies.add(tenantId, 'canceled', canceled)
  tallies.write(connection)
}
