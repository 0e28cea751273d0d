import type { AttemptRecord, Settlement } from '@posthorn/sender'
import type { Connection } from '../connection'
import { type RowsStatement, writeRows } from '../rows'
import type { SqliteValue } from '../sqlite-like'
import { findSeq } from './leases'

/** A settlement may be repeated by a worker that did not hear the answer; its attempt was made once. */
const upsert = 'ON CONFLICT DO NOTHING'

/** Most attempts have no more to tell; each further value costs. */
const LOG_PLAIN: RowsStatement = {
  into: `
    INSERT INTO posthorn_attempts
      (delivery_seq, number, started_at, duration_ms, outcome, status, request_headers,
        response_headers)`,
  row: '(?, ?, ?, ?, ?, ?, ?, ?)',
  upsert,
}

const LOG_WHOLE: RowsStatement = {
  into: `
    INSERT INTO posthorn_attempts
      (delivery_seq, number, started_at, duration_ms, outcome, status, request_headers,
        response_headers, response_truncated, error_code, error_message, duplicate, fresh_socket,
        response_body)`,
  row: '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  upsert,
}

/** Attempts of one batch, written together. */
export class AttemptLog {
  readonly #connection: Connection
  readonly #plain: (readonly SqliteValue[])[] = []
  readonly #whole: (readonly SqliteValue[])[] = []

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Of a stale settlement too, as long as there is such a delivery. */
  add({ lease, attempt }: Settlement, heldSeq: number | undefined): void {
    if (attempt === undefined) return
    const seq = heldSeq ?? findSeq(this.#connection, lease.tenantId, lease.deliveryId)
    if (seq === undefined) return
    const facts = factsOf(seq, attempt)
    const further = furtherOf(attempt)
    if (further === undefined) this.#plain.push(facts)
    else this.#whole.push([...facts, ...further])
  }

  write(): void {
    writeRows(this.#connection, LOG_PLAIN, this.#plain)
    writeRows(this.#connection, LOG_WHOLE, this.#whole)
  }
}

function factsOf(seq: number, attempt: AttemptRecord): readonly SqliteValue[] {
  return [
    seq,
    attempt.number,
    Math.round(attempt.startedAt),
    Math.round(attempt.durationMs),
    attempt.outcome,
    attempt.status ?? null,
    optionalJsonOf(attempt.requestHeaders),
    optionalJsonOf(attempt.responseHeaders),
  ]
}

function furtherOf({
  responseTruncated,
  error,
  duplicate,
  freshSocket,
  responseBody,
}: AttemptRecord): readonly SqliteValue[] | undefined {
  const tells = responseTruncated ?? error ?? duplicate ?? freshSocket ?? responseBody
  if (tells === undefined) return undefined
  return [
    flag(responseTruncated),
    error?.code ?? null,
    error?.message ?? null,
    flag(duplicate),
    flag(freshSocket),
    responseBody ?? null,
  ]
}

const optionalJsonOf = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value)

const flag = (value: boolean | undefined): number | null =>
  value === undefined ? null : Number(value)
