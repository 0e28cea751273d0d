import { WebhookError } from '@posthorn/schema'

/** JSON that a function of the schema answered. */
export type Row = Readonly<Record<string, unknown>>

export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function rows(row: Row, name: string): readonly Row[] {
  const value = row[name]
  if (Array.isArray(value) && value.every(isRow)) return value
  throw unexpected(name)
}

export function int(row: Row, name: string): number {
  const value = row[name]
  if (typeof value === 'number') return value
  throw unexpected(name)
}

export function text(row: Row, name: string): string {
  const value = row[name]
  if (typeof value === 'string') return value
  throw unexpected(name)
}

export function flag(row: Row, name: string): boolean {
  const value = row[name]
  if (typeof value === 'boolean') return value
  throw unexpected(name)
}

/** Bytes come and go in hexadecimal, as `bytea` does by itself. */
export const bytes = (row: Row, name: string): Uint8Array => fromHex(text(row, name))

export const optionalInt = (row: Row, name: string): number | undefined =>
  isNull(row, name) ? undefined : int(row, name)

export const optionalText = (row: Row, name: string): string | undefined =>
  isNull(row, name) ? undefined : text(row, name)

export const optionalFlag = (row: Row, name: string): boolean | undefined =>
  isNull(row, name) ? undefined : flag(row, name)

export const optionalBytes = (row: Row, name: string): Uint8Array | undefined =>
  isNull(row, name) ? undefined : bytes(row, name)

export const isNull = (row: Row, name: string): boolean =>
  row[name] === null || row[name] === undefined

export function oneOf<Value extends string>(
  row: Row,
  name: string,
  values: readonly Value[],
): Value {
  const value = values.find((known) => known === row[name])
  if (value !== undefined) return value
  throw unexpected(name)
}

export const optionalOneOf = <Value extends string>(
  row: Row,
  name: string,
  values: readonly Value[],
): Value | undefined => (isNull(row, name) ? undefined : oneOf(row, name, values))

/** JSON within JSON, kept as text by the database, which the store itself wrote from a value of this type. */
export const json = <Value>(row: Row, name: string): Value => JSON.parse(text(row, name))

export const optionalJson = <Value>(row: Row, name: string): Value | undefined =>
  isNull(row, name) ? undefined : json(row, name)

/** JSON of strings by name, which is nearly always empty. */
export function strings(row: Row, name: string): Readonly<Record<string, string>> {
  return row[name] === '{}' ? {} : json(row, name)
}

export const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')

function fromHex(text: string): Uint8Array {
  // Copied: small Buffers share a pool, and what is handed out is the caller's alone.
  return new Uint8Array(Buffer.from(text, 'hex'))
}

/** Text as Postgres can hold it: no NUL, no half of a surrogate pair. */
export function storable(value: string): string {
  return value
    .replaceAll('\0', '\ufffd')
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
}

export function unexpected(name: string): WebhookError {
  return new WebhookError(
    'store_failed',
    `${name} has a value of an unexpected type. Was the database changed by hand?`,
  )
}
