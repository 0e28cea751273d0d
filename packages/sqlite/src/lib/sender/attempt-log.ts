import type { AttemptRecord, Settlement } from '@posthorn/sender'
import type { Connection } from '../connection'
import { type RowsStatement, writeRows } from '../rows'
import type { SqliteValue } from '../sqlite-like'
import { Alike } from './alike'
import { type Logged, nothingOwn, shareHeaders } from './attempt-headers'
import { findSeq } from './leases'
import type { Queued } from './queued'

/** A settlement may be repeated by a worker that did not hear the answer; its attempt was made once. */
const upsert = 'ON CONFLICT DO NOTHING'

/** Most attempts have no more to tell, and end alike. */
const LOG_PLAIN: RowsStatement = {
  into: `
    INSERT INTO posthorn_attempts
      (shared, number, outcome, status, request_headers, response_headers, delivery_seq,
        started_at, duration_ms)`,
  select: '?, ?, ?, ?, ?, ?, *',
  row: '(?, ?, ?)',
  upsert,
}

const LOG_WHOLE: RowsStatement = {
  into: `
    INSERT INTO posthorn_attempts
      (shared, number, outcome, status, request_headers, response_headers, delivery_seq,
        started_at, duration_ms, response_truncated, error_code, error_message, duplicate, fresh_socket,
        response_body)`,
  row: '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  upsert,
}

type Values = readonly SqliteValue[]

/** Attempts of one batch, written together. */
export class AttemptLog {
  readonly #connection: Connection
  readonly #batch: Logged[] = []

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Of a stale settlement too, as long as there is such a delivery. */
  add({ lease, attempt }: Settlement, held: Queued | undefined): void {
    if (attempt === undefined) return
    const seq = held?.seq ?? findSeq(this.#connection, lease.tenantId, lease.deliveryId)
    if (seq !== undefined) this.#batch.push({ seq, messageId: held?.messageId ?? null, attempt })
  }

  write(): void {
    const plain = new Alike<Values>()
    const whole: Values[] = []
    const headers = shareHeaders(this.#connection, this.#batch)
    for (const { seq, attempt } of this.#batch) {
      const { number, outcome, status = null, startedAt, durationMs } = attempt
      const request = headers.own(attempt, 'requestHeaders')
      const response = headers.own(attempt, 'responseHeaders')
      const common = [headers.shared, number, outcome, status, request, response]
      const row = [seq, Math.round(startedAt), Math.round(durationMs)]
      const further = furtherOf(attempt)
      if (further || tells(request) || tells(response))
        whole.push([...common, ...row, ...(further ?? nothingFurther)])
      else plain.add(common, row)
    }
    for (const { common, rows } of plain.groups())
      writeRows(this.#connection, LOG_PLAIN, rows, common)
    writeRows(this.#connection, LOG_WHOLE, whole)
  }
}

const tells = (own: string | null): boolean => own !== null && own !== nothingOwn

function furtherOf({
  responseTruncated,
  error,
  duplicate,
  freshSocket,
  responseBody,
}: AttemptRecord): readonly SqliteValue[] | undefined {
  const first = responseTruncated ?? error ?? duplicate ?? freshSocket ?? responseBody
  if (first === undefined) return undefined
  return [
    flag(responseTruncated),
    error?.code ?? null,
    error?.message ?? null,
    flag(duplicate),
    flag(freshSocket),
    responseBody ?? null,
  ]
}

const nothingFurther: readonly SqliteValue[] = [null, null, null, null, null, null]

const flag = (value: boolean | undefined): number | null =>
  value === undefined ? null : Number(value)
