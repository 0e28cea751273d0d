import { createHash } from 'node:crypto'

/** What a row is found by, however long its key is. The length keeps `('a', 'b:c')` and `('a:b', 'c')` apart. */
export function hashOf(source: string, id: string): string {
  return createHash('sha256').update(`${source.length}:${source}:${id}`).digest('hex')
}

/** A text of a row, or of an error; empty when it is null or not there. */
export function textOf(value: unknown, member: string): string {
  if (typeof value !== 'object' || value === null) return ''
  const text: unknown = Reflect.get(value, member)
  return typeof text === 'string' ? text : ''
}

/** A number as a parameter. */
export const whole = (value: number): string => String(Math.round(value))
