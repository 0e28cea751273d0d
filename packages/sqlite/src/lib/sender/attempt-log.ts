import type { AttemptRecord, Settlement } from '@posthorn/sender'
import type { Connection } from '../connection'
import { type RowsStatement, writeRows } from '../rows'
import type { SqliteValue } from '../sqlite-like'
import { findSeq } from './leases'

/** A settlement may be repeated by a worker that did not hear the answer; its attempt was made once. */
const upsert = 'ON CONFLICT DO NOTHING'

/** Most attempts have no more to tell, and end alike. */
const LOG_PLAIN: RowsStatement = {
  into: `
    INSERT INTO posthorn_attempts
      (number, outcome, status, response_headers, delivery_seq, started_at, duration_ms,
        request_headers)`,
  select: '?, ?, ?, ?, *',
  row: '(?, ?, ?, ?)',
  upsert,
}

const LOG_WHOLE: RowsStatement = {
  into: `
    INSERT INTO posthorn_attempts
      (number, outcome, status, response_headers, delivery_seq, started_at, duration_ms,
        request_headers, response_truncated, error_code, error_message, duplicate, fresh_socket,
        response_body)`,
  row: '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  upsert,
}

type Values = readonly SqliteValue[]

/** Attempts that have these values in common. */
interface Alike {
  readonly common: Values
  readonly rows: Values[]
}

/** Attempts of one batch, written together. */
export class AttemptLog {
  readonly #connection: Connection
  readonly #plain = new Map<string, Alike>()
  readonly #whole: Values[] = []

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Of a stale settlement too, as long as there is such a delivery. */
  add({ lease, attempt }: Settlement, heldSeq: number | undefined): void {
    if (attempt === undefined) return
    const seq = heldSeq ?? findSeq(this.#connection, lease.tenantId, lease.deliveryId)
    if (seq === undefined) return
    const common = commonOf(attempt)
    const own = ownOf(seq, attempt)
    const further = furtherOf(attempt)
    if (further === undefined) this.#addPlain(common, own)
    else this.#whole.push([...common, ...own, ...further])
  }

  #addPlain(common: Values, own: Values): void {
    const key = common.join()
    const known = this.#plain.get(key)
    if (known) known.rows.push(own)
    else this.#plain.set(key, { common, rows: [own] })
  }

  write(): void {
    for (const { common, rows } of this.#plain.values())
      writeRows(this.#connection, LOG_PLAIN, rows, common)
    writeRows(this.#connection, LOG_WHOLE, this.#whole)
  }
}

function commonOf(attempt: AttemptRecord): Values {
  const { number, outcome, status, responseHeaders } = attempt
  return [number, outcome, status ?? null, optionalJsonOf(responseHeaders)]
}

function ownOf(seq: number, attempt: AttemptRecord): Values {
  const { startedAt, durationMs, requestHeaders } = attempt
  return [seq, Math.round(startedAt), Math.round(durationMs), optionalJsonOf(requestHeaders)]
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
