import type { AttemptRecord, Settlement, SettleVerdict } from '@posthorn/sender'
import type { Connection } from '../connection'
import type { StoreContext } from './context'
import { type Ending, finish } from './finish'
import { refreshLanes, TouchedLanes } from './lanes'
import { type Found, findLeased, type HeldDelivery, holds } from './leases'

/** A settlement may be repeated by a worker that did not hear the answer; its attempt was made once. */
const LOG_ATTEMPT = `
  INSERT INTO posthorn_attempts
    (delivery_seq, number, started_at, duration_ms, outcome, status, response_headers,
      response_truncated, error_code, error_message, duplicate, fresh_socket, response_body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`

const RESCHEDULE = `
  UPDATE posthorn_queue SET
    line = (lost >= 2), due_at = j.value ->> 1, leased_until = NULL, token = NULL, solo = 0,
    deferred = deferred + (j.value ->> 2), last_status = coalesce(j.value ->> 3, last_status)
  FROM json_each(?) AS j WHERE posthorn_queue.seq = j.value ->> 0`

export function settleDeliveries(
  context: StoreContext,
  batch: readonly Settlement[],
): readonly SettleVerdict[] {
  const { connection } = context
  const found = findLeased(
    connection,
    batch.map(({ lease }) => lease),
  )
  const outcomes = new Outcomes(context.now())
  const verdicts = batch.map((settlement, index) => {
    const delivery = found[index]
    if (delivery) logAttempt(connection, delivery, settlement.attempt)
    return holds(settlement.lease, delivery) ? outcomes.add(delivery, settlement) : 'stale'
  })
  outcomes.write(connection)
  return verdicts
}

/** What a batch changes, collected so that it takes a few statements for all of it. */
class Outcomes {
  readonly #now: number
  readonly #settled = new Set<number>()
  readonly #endings: Ending[] = []
  readonly #retries: (readonly (number | null)[])[] = []
  readonly #touched = new TouchedLanes()
  /** Lanes that lose a delivery which had come back to them: its lease had run out. */
  readonly #deprived = new Set<number>()

  constructor(now: number) {
    this.#now = now
  }

  add({ seq, queued }: HeldDelivery, { lease, next, attempt }: Settlement): SettleVerdict {
    if (this.#settled.has(seq)) return 'stale'
    this.#settled.add(seq)
    if (queued.leasedUntil === undefined) this.#deprived.add(queued.lane)
    const lastStatus = attempt?.status
    if (next.status === 'pending') {
      const dueAt = this.#now + Math.round(next.retryInMs)
      this.#retries.push([seq, dueAt, Number(next.deferred), lastStatus ?? null])
      if (queued.lost < 2) this.#touched.add(queued.lane, dueAt)
    } else {
      this.#endings.push({
        seq,
        tenantId: lease.tenantId,
        ...next,
        ...(lastStatus === undefined ? {} : { lastStatus }),
      })
    }
    return 'applied'
  }

  write(connection: Connection): void {
    if (this.#retries.length > 0) connection.run(RESCHEDULE, JSON.stringify(this.#retries))
    finish(connection, this.#endings, this.#now)
    this.#touched.write(connection)
    refreshLanes(
      connection,
      [...this.#deprived].map((lane) => ({ lane })),
      this.#now,
    )
  }
}

function logAttempt(connection: Connection, { seq }: Found, attempt: AttemptRecord | undefined) {
  if (!attempt) return
  const { responseHeaders, responseTruncated, error, duplicate, freshSocket } = attempt
  connection.run(
    LOG_ATTEMPT,
    ...[seq, attempt.number, Math.round(attempt.startedAt), Math.round(attempt.durationMs)],
    ...[attempt.outcome, attempt.status ?? null],
    ...[responseHeaders === undefined ? null : JSON.stringify(responseHeaders)],
    ...[flag(responseTruncated), error?.code ?? null, error?.message ?? null],
    ...[flag(duplicate), flag(freshSocket), attempt.responseBody ?? null],
  )
}

const flag = (value: boolean | undefined): number | null =>
  value === undefined ? null : Number(value)
