import { isAscii } from 'node:buffer'
import { hex } from './values'

export type Cell = string | number | boolean | undefined

/** A value of a statement, as text: whatever a driver makes of JavaScript's arrays and bytes, text it leaves alone. */
export interface Argument {
  readonly text: string
  /** How the text stands for bytes, where it does. */
  readonly bytes?: 'hex' | 'ascii'
}

/** The expression of the value numbered `place`: the function that it is given to takes text, but for bytes. */
export function expressionOf({ bytes }: Argument, place: number): string {
  if (bytes === 'hex') return `decode($${place}::text, 'hex')`
  return bytes === 'ascii' ? `convert_to($${place}::text, 'SQL_ASCII')` : `$${place}`
}

export const scalar = (value: number | boolean): Argument => ({ text: String(value) })

/** Numbers or booleans, as an array. */
export function plain(cells: readonly Cell[]): Argument {
  let text = ''
  for (const cell of cells) text += cell === undefined ? ',NULL' : `,${cell}`
  return { text: `{${text.slice(1)}}` }
}

/** Numbers or booleans, as a value of a composite type. */
export const composite = (cells: readonly (number | boolean)[]): Argument => ({
  text: `(${cells.join(',')})`,
})

/** Rows of as many cells each, as an array of two dimensions. */
export function rows(cells: readonly (readonly Cell[])[]): Argument {
  let text = ''
  for (const row of cells) text += `,{${rowText(row)}}`
  return { text: `{${text.slice(1)}}` }
}

/** Stands between cells: no text that a library wrote as JSON has it, and no name. */
export const separator = '\x1f'

/**
 * Rows of as many cells each, one cell after the other; an empty one is NULL. A third of the work that `rows` is, for texts that have no
 * separator.
 */
export const cellsOf = (cells: readonly (readonly Cell[])[]): Argument => ({
  text: cells.map((row) => row.join(separator)).join(separator),
})

function rowText(row: readonly Cell[]): string {
  let text = ''
  for (const cell of row) text += `,${cellText(cell)}`
  return text.slice(1)
}

function cellText(cell: Cell): string {
  if (cell === undefined) return 'NULL'
  return typeof cell === 'string' ? quoted(cell) : String(cell)
}

/** Without a pattern: twice as quick, and most of the cells are texts. */
function quoted(cell: string): string {
  let text = cell
  if (text.includes('\\')) text = text.replaceAll('\\', '\\\\')
  if (text.includes('"')) text = text.replaceAll('"', '\\"')
  return `"${text}"`
}

/** Many bytes as one value. */
export class Bytes {
  readonly #parts: Uint8Array[] = []
  #end = 1
  #isText = true

  /** Answers the place in the value, from 1, the length, and whether the database may hand them out as text. */
  add(
    bytes: Uint8Array | undefined,
  ): readonly [start: number | undefined, length: number | undefined, ascii: boolean | undefined] {
    if (bytes === undefined) return [undefined, undefined, undefined]
    const start = this.#end
    const ascii = isText(bytes)
    this.#parts.push(bytes)
    this.#end += bytes.length
    this.#isText &&= ascii
    return [start, bytes.length, ascii]
  }

  /** Plain ASCII goes as it is, at half the size. */
  get value(): Argument {
    const all = Buffer.concat(this.#parts)
    return this.#isText
      ? { bytes: 'ascii', text: all.toString('latin1') }
      : { bytes: 'hex', text: hex(all) }
  }
}

/** Whether it is the same bytes in every encoding of a database. Text in Postgres has no NUL. */
const isText = (bytes: Uint8Array): boolean => isAscii(bytes) && !bytes.includes(0)

const BACKSLASH = 0x5c

const encoder = new TextEncoder()

/** Of two columns the one that is given: plain ASCII, or what `fromEscaped` reads. */
export function fromColumns(ascii: string | undefined, escaped: string | undefined) {
  if (ascii !== undefined) return encoder.encode(ascii)
  return escaped === undefined ? undefined : fromEscaped(escaped)
}

/** What Postgres's `encode(…, 'escape')` wrote: other than plain ASCII as three octal digits, a backslash as two. */
export function fromEscaped(text: string): Uint8Array {
  const first = text.indexOf('\\')
  if (first === -1) return new Uint8Array(Buffer.from(text, 'latin1'))
  const given = Buffer.from(text, 'latin1')
  const bytes = new Uint8Array(given.length)
  bytes.set(given.subarray(0, first))
  let [to, from] = [first, first]
  while (from < given.length) {
    const [length, byte] = escapeAt(given, from)
    bytes[to] = byte
    to += 1
    from += length
  }
  return bytes.slice(0, to)
}

function escapeAt(given: Buffer, at: number): readonly [length: number, byte: number] {
  const byte = given.readUInt8(at)
  if (byte !== BACKSLASH) return [1, byte]
  const next = given.readUInt8(at + 1)
  if (next === BACKSLASH) return [2, BACKSLASH]
  return [4, Number.parseInt(given.toString('latin1', at + 1, at + 4), 8)]
}
