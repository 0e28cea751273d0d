import { isAscii } from 'node:buffer'
import { hex } from './values'

type Cell = string | number | boolean | undefined

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

/** Texts, as an array. A column without a value is empty: what is missing at an array's end is NULL. */
export function texts(cells: readonly (string | undefined)[]): Argument {
  let text = ''
  let isEmpty = true
  for (const cell of cells) {
    if (cell === undefined) text += ',NULL'
    else {
      isEmpty = false
      text += needsEscape.test(cell) ? `,"${cell.replace(escaped, '\\$&')}"` : `,"${cell}"`
    }
  }
  return { text: isEmpty ? '{}' : `{${text.slice(1)}}` }
}

const needsEscape = /["\\]/
const escaped = /["\\]/g

/** Many bytes as one value, with each one's place in it, from 1. */
export class Bytes {
  readonly #parts: Uint8Array[] = []
  readonly #starts: (number | undefined)[] = []
  readonly #lengths: (number | undefined)[] = []
  readonly #ascii: (boolean | undefined)[] = []
  readonly #all: { parts: Uint8Array[]; end: number }

  /** `beside`: another column whose value holds these bytes too. */
  constructor(beside?: Bytes) {
    this.#all = beside === undefined ? { parts: this.#parts, end: 1 } : beside.#all
  }

  add(bytes: Uint8Array | undefined): void {
    if (bytes !== undefined) this.#all.parts.push(bytes)
    this.#starts.push(bytes && this.#all.end)
    this.#lengths.push(bytes?.length)
    this.#ascii.push(bytes && isText(bytes))
    this.#all.end += bytes?.length ?? 0
  }

  get places(): readonly [starts: Argument, lengths: Argument] {
    return [plain(this.#starts), plain(this.#lengths)]
  }

  /** Which of them the database may hand out as text. */
  get ascii(): Argument {
    return plain(this.#ascii)
  }

  /** Plain ASCII goes as it is, at half the size. */
  get value(): Argument {
    const all = Buffer.concat(this.#all.parts)
    return isText(all)
      ? { bytes: 'ascii', text: all.toString('latin1') }
      : { bytes: 'hex', text: hex(all) }
  }
}

/** Whether it is the same bytes in every encoding of a database. Text in Postgres has no NUL. */
const isText = (bytes: Uint8Array): boolean => isAscii(bytes) && !bytes.includes(0)

const BACKSLASH = 0x5c

/** Of two columns the one that is given: plain ASCII, or what `fromEscaped` reads. */
export function fromColumns(ascii: string | undefined, escaped: string | undefined) {
  if (ascii !== undefined) return new Uint8Array(Buffer.from(ascii, 'latin1'))
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
