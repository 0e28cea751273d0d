import type { Connection } from '../connection'
import { type FinalStatus, Tallies } from './tallies'

const FINISH = `
  UPDATE posthorn_deliveries SET
    status = ?, reason = ?, finished_at = ?,
    attempt = q.attempt, lost = q.lost, solo_lost = q.solo_lost, deferred = q.deferred,
    last_status = coalesce(?, q.last_status)
  FROM json_each(?) AS j CROSS JOIN posthorn_queue q ON q.seq = j.value
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
  for (const alike of groupsOf(endings)) {
    const [{ status, reason = null, lastStatus = null }] = alike
    const seqs = JSON.stringify(alike.map(({ seq }) => seq))
    connection.run(FINISH, status, reason, now, lastStatus, seqs)
  }
  for (const { tenantId, status } of endings) tallies.add(tenantId, status, 1)
  connection.run(DEQUEUE, JSON.stringify(endings.map(({ seq }) => seq)))
  tallies.write(connection)
}

/** Most of a batch ends in one way, so a statement for each way is few. */
function groupsOf(endings: readonly Ending[]): Iterable<[Ending, ...Ending[]]> {
  const groups = new Map<string, [Ending, ...Ending[]]>()
  for (const ending of endings) {
    const key = `${ending.status} ${ending.reason} ${ending.lastStatus}`
    const group = groups.get(key)
    if (group) group.push(ending)
    else groups.set(key, [ending])
  }
  return groups.values()
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
