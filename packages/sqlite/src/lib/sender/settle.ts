import type { AttemptRecord, Settlement, SettleVerdict } from '@posthorn/sender'
import type { Connection } from '../connection'
import { type RowsStatement, writeRows } from '../rows'
import type { SqliteValue } from '../sqlite-like'
import type { StoreContext } from './context'
import { type Ending, finish } from './finish'
import { refreshLane, TouchedLanes } from './lanes'
import { findHeld, findSeq, isSuspect } from './leases'
import { lineOf, mayStay } from './order'
import type { Queued } from './queued'

/** A settlement may be repeated by a worker that did not hear the answer; its attempt was made once. */
const LOG_ATTEMPTS: RowsStatement = {
  into: `
    INSERT INTO posthorn_attempts
      (delivery_seq, number, started_at, duration_ms, outcome, status, request_headers,
        response_headers, response_truncated, error_code, error_message, duplicate, fresh_socket,
        response_body)`,
  row: '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  upsert: 'ON CONFLICT DO NOTHING',
}

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
  const found = findHeld(
    connection,
    batch.map(({ lease }) => lease),
  )
  const outcomes = new Outcomes(connection, context.now())
  const logged: (readonly SqliteValue[])[] = []
  const verdicts = batch.map((settlement, index) => {
    const held = found[index]
    if (settlement.attempt) logged.push(...attemptRow(connection, settlement, held?.seq))
    return held ? outcomes.apply(held, settlement) : 'stale'
  })
  writeRows(connection, LOG_ATTEMPTS, logged)
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

/** Of a stale settlement too, as long as there is such a delivery. */
function attemptRow(
  connection: Connection,
  { lease, attempt }: Settlement,
  heldSeq: number | undefined,
): readonly (readonly SqliteValue[])[] {
  const seq = heldSeq ?? findSeq(connection, lease.tenantId, lease.deliveryId)
  return attempt === undefined || seq === undefined ? [] : [valuesOf(seq, attempt)]
}

function valuesOf(seq: number, attempt: AttemptRecord): readonly SqliteValue[] {
  const { error } = attempt
  return [
    seq,
    attempt.number,
    Math.round(attempt.startedAt),
    Math.round(attempt.durationMs),
    attempt.outcome,
    attempt.status ?? null,
    optionalJsonOf(attempt.requestHeaders),
    optionalJsonOf(attempt.responseHeaders),
    flag(attempt.responseTruncated),
    error?.code ?? null,
    error?.message ?? null,
    flag(attempt.duplicate),
    flag(attempt.freshSocket),
    attempt.responseBody ?? null,
  ]
}

const optionalJsonOf = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value)

const flag = (value: boolean | undefined): number | null =>
  value === undefined ? null : Number(value)
