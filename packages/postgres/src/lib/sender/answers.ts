import { fromColumns } from '../columns'
import { isRow, optionalText, type Row, text, unexpected } from '../values'

export function rowOf(answer: unknown): Row {
  if (isRow(answer)) return answer
  throw unexpected('answer')
}

export function rowsOf(answer: unknown): readonly Row[] {
  if (Array.isArray(answer) && answer.every(isRow)) return answer
  throw unexpected('answer')
}

export function flagsOf(answer: unknown): readonly boolean[] {
  if (Array.isArray(answer) && answer.every((item) => typeof item === 'boolean')) return answer
  throw unexpected('answer')
}

/** Of rows of text. */
export const count = (row: Row, name: string): number => Number(text(row, name))

/** The bytes in a row's columns `body` and `escaped`. */
export const bodyOf = (row: Row): Uint8Array | undefined =>
  fromColumns(optionalText(row, 'body'), optionalText(row, 'escaped'))
