import type { Settlement, SettleVerdict } from '@posthorn/sender'
import type { Connection } from '../connection'
import { AttemptLog } from './attempt-log'
import type { StoreContext } from './context'
import { type Ending, finish } from './finish'
import { refreshLane, TouchedLanes } from './lanes'
import { findClaimed, isSuspect } from './leases'
import { lineOf, mayStay } from './order'
import type { Queued } from './queued'

const RESCHEDULE = `
  UPDATE posthorn_queue SET
    line = ?, due_at = ?, leased_until = NULL, token = NULL, solo = 0,
    deferred = deferred + ?, last_status = coalesce(?, last_status)
  WHERE seq = ?`

export function settleDeliveries(
  context: StoreContext,
  batch: readonly Settlement[],
): readonly SettleVerdict[] {
  const { connection } = context
  const leases = batch.map(({ lease }) => lease)
  const found = findClaimed(connection, context.claimed, leases)
  const outcomes = new Outcomes(connection, context.now())
  const log = new AttemptLog(connection)
  const verdicts = batch.map((settlement, index) => {
    const held = found[index]
    log.add(settlement, held)
    return held ? outcomes.apply(held, settlement) : 'stale'
  })
  log.write()
  outcomes.write()
  return verdicts
}

/** What a batch changes; endings and lanes are written once for all of it. */
class Outcomes {
  readonly #connection: Connection
  readonly #now: number
  readonly #settled = new Set<number>()
  readonly #endings: Ending[] = []
  readonly #touched = new TouchedLanes()
  /** Lanes that lose a delivery which had come back to them: its lease had run out. */
  readonly #deprived = new Set<number>()

  constructor(connection: Connection, now: number) {
    this.#connection = connection
    this.#now = now
  }

  /** The second of two settlements under one lease is stale. */
  apply(queued: Queued, { next, attempt }: Settlement): SettleVerdict {
    if (this.#settled.has(queued.seq)) return 'stale'
    this.#settled.add(queued.seq)
    if (!queued.leased) this.#deprived.add(queued.lane)
    const lastStatus = attempt?.status
    if (next.status !== 'pending') {
      this.#endings.push({
        queued,
        ...next,
        ...(lastStatus === undefined ? {} : { lastStatus }),
      })
      return 'applied'
    }
    const dueAt = this.#now + Math.round(next.retryInMs)
    const line = Number(isSuspect(queued))
    const deferred = Number(next.deferred)
    this.#connection.run(RESCHEDULE, line, dueAt, deferred, lastStatus ?? null, queued.seq)
    const keyLine = lineOf(queued)
    if (keyLine && !mayStay(this.#connection, keyLine, queued.seq)) return 'applied'
    if (line === 0) this.#touched.add(queued.lane, dueAt)
    return 'applied'
  }

  write(): void {
    finish(this.#connection, this.#endings, this.#now)
    this.#touched.write(this.#connection)
    for (const lane of this.#deprived) refreshLane(this.#connection, { lane, now: this.#now })
  }
}
