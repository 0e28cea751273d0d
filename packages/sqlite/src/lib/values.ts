import { WebhookError } from '@posthorn/schema'

/** A row as some driver gave it; read it with the functions below, which even the drivers' differences out. */
export type Row = Readonly<Record<string, unknown>>

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null
}

/** An integer; drivers in BigInt mode give it as one. */
export function int(row: Row, column: string): number {
  const value = row[column]
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  throw unexpected(column)
}

export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value === 'string') return value
  throw unexpected(column)
}

export function blob(row: Row, column: string): Uint8Array {
  const value = row[column]
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
  if (isArrayBuffer(value)) return new Uint8Array(value)
  throw unexpected(column)
}

/** Also one of another realm, as drivers give under Jest; `instanceof` does not know that. */
const isArrayBuffer = (value: unknown): value is ArrayBuffer =>
  Object.prototype.toString.call(value) === '[object ArrayBuffer]'

export const optionalInt = (row: Row, column: string): number | undefined =>
  isNull(row, column) ? undefined : int(row, column)

export const optionalText = (row: Row, column: string): string | undefined =>
  isNull(row, column) ? undefined : text(row, column)

export const optionalBlob = (row: Row, column: string): Uint8Array | undefined =>
  isNull(row, column) ? undefined : blob(row, column)

export const isNull = (row: Row, column: string): boolean =>
  row[column] === null || row[column] === undefined

export function oneOf<Value extends string>(
  row: Row,
  column: string,
  values: readonly Value[],
): Value {
  const value = values.find((known) => known === row[column])
  if (value !== undefined) return value
  throw unexpected(column)
}

export const optionalOneOf = <Value extends string>(
  row: Row,
  column: string,
  values: readonly Value[],
): Value | undefined => (isNull(row, column) ? undefined : oneOf(row, column, values))

/** JSON that the store itself wrote from a value of this type. */
export function json<Value>(row: Row, column: string): Value {
  return JSON.parse(text(row, column))
}

export const optionalJson = <Value>(row: Row, column: string): Value | undefined =>
  isNull(row, column) ? undefined : json(row, column)

/** JSON of strings by name, which is nearly always empty. */
export function strings(row: Row, column: string): Readonly<Record<string, string>> {
  return row[column] === '{}' ? {} : json(row, column)
}

function unexpected(column: string): WebhookError {
  return new WebhookError(
    'store_failed',
    `The column ${column} holds a value of an unexpected type. Was the database changed by hand?`,
  )
}
