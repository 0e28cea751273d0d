/** A text of a row, or of an error; empty when it is null or not there. */
export function textOf(value: unknown, member: string): string {
  if (typeof value !== 'object' || value === null) return ''
  const text: unknown = Reflect.get(value, member)
  return typeof text === 'string' ? text : ''
}
