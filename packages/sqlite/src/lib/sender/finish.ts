import type { Connection } from '../connection'
import type { Queued } from './queued'
import { type FinalStatus, Tallies } from './tallies'

/** A trigger takes the delivery out of the queue. */
const FINISH = `
  UPDATE posthorn_deliveries SET
    status = ?, reason = ?, finished_at = ?,
    attempt = ?, lost = ?, solo_lost = ?, deferred = ?, last_status = ?
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
  for (const { queued, status, reason = null, lastStatus } of endings) {
    const { seq, progress } = queued
    connection.run(
      FINISH,
      ...[status, reason, now, progress.attempt, progress.lost, progress.soloLost],
      ...[progress.deferred, lastStatus ?? queued.lastStatus, seq],
    )
    tallies.add(queued.tenantId, status, 1)
  }
  tallies.write(connection)
}
