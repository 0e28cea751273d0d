import type { Connection } from '../connection'
import type { SqliteValue } from '../sqlite-like'
import { Alike } from './alike'
import { ChangedLines, endInLine, isFirst, lineOf, unblockedBy } from './order'
import type { Queued } from './queued'
import { type FinalStatus, Tallies } from './tallies'

/**
 * An upsert of rows that are all there: it finds them by key, whatever the statistics say. A trigger takes the deliveries out of the
 * queue.
 */
const FINISH = `
  INSERT INTO posthorn_deliveries
    (seq, event_seq, tenant_id, id, endpoint_id, created_at, attempt, lost, solo_lost, deferred)
  SELECT value, 0, '', '', '', 0, 0, 0, 0, 0 FROM json_each(?) WHERE true
  ON CONFLICT (seq) DO UPDATE SET
    status = ?, reason = ?, attempt = ?, lost = ?, solo_lost = ?, deferred = ?, last_status = ?,
    finished_at = ?`

const GIVE_UP = `
  UPDATE posthorn_deliveries SET status = 'canceled', reason = NULL, finished_at = ?
  WHERE seq = ?`

/** How an unfinished delivery ends. */
export interface Ending {
  readonly queued: Queued
  readonly status: FinalStatus
  readonly reason?: string
  readonly lastStatus?: number
}

/** Writes what became of deliveries, which takes them out of the queue. */
export function finish(connection: Connection, endings: readonly Ending[], now: number): void {
  const tallies = new Tallies()
  const lines = new ChangedLines()
  const unordered: Ending[] = []
  for (const ending of endings) {
    const { queued, status } = ending
    tallies.add(queued.tenantId, status, 1)
    const line = lineOf(queued)
    if (line) {
      const wasFirst = isFirst(connection, line, queued.seq)
      endInLine(connection, line, { queued, failed: status === 'failed', wasFirst })
      lines.add(line)
      // At once: the next of its line may end in the same batch.
      write(connection, [ending], now)
    } else {
      unordered.push(ending)
    }
  }
  if (unordered.length > 0) write(connection, unordered, now)
  tallies.write(connection)
  lines.write(connection)
}

/** Those that end alike by one statement: most do. */
function write(connection: Connection, endings: readonly Ending[], now: number): void {
  const alike = new Alike<number>()
  for (const ending of endings) alike.add(columnsOf(ending), ending.queued.seq)
  for (const { common, rows } of alike.groups())
    connection.run(FINISH, JSON.stringify(rows), ...common, now)
}

function columnsOf({ queued, status, reason, lastStatus }: Ending): readonly SqliteValue[] {
  const { attempt, lost, soloLost, deferred } = queued.progress
  const last = lastStatus ?? queued.lastStatus
  return [status, reason ?? null, attempt, lost, soloLost, deferred, last]
}

/** Cancels a failed delivery that blocks its line. Answers whether it was one. */
export function giveUp(
  connection: Connection,
  { seq, tenantId, now }: { readonly seq: number; readonly tenantId: string; readonly now: number },
): boolean {
  const line = unblockedBy(connection, seq, tenantId)
  if (!line) return false
  connection.run(GIVE_UP, now, seq)
  const tallies = new Tallies()
  tallies.add(tenantId, 'failed', -1)
  tallies.add(tenantId, 'canceled', 1)
  tallies.write(connection)
  const lines = new ChangedLines()
  lines.add(line)
  lines.write(connection)
  return true
}
