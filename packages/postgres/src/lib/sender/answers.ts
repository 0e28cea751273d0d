import { isRow, type Row, unexpected } from '../values'

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
