import { isMessageId } from '@posthorn/schema'
import { isStorable, refusal } from '../checks'
import { parseTime } from '../time'

export const invalid = refusal('invalid_argument')

/** Every id that we give, or accept for an event, has this form. What has not is not looked for. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && isMessageId(value)
}

export function time(value: unknown, field: string): number | undefined {
  if (value === undefined) return undefined
  const ms = parseTime(value)
  if (ms !== undefined) return ms
  throw invalid(field, 'must be a Date, or a time with its zone in ISO 8601')
}

export function text(value: unknown, field: string): string | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.length <= 256 && isStorable(value)) return value
  throw invalid(field, 'must be a string of at most 256 characters')
}

export function oneOf<Value extends string>(
  value: Value | undefined,
  field: string,
  known: readonly Value[],
): Value | undefined {
  if (value === undefined || known.includes(value)) return value
  throw invalid(field, `must be one of ${known.join(', ')}`)
}
