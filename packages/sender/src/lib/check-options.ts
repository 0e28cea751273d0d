import { type Duration, parseDuration } from '@posthorn/schema'

/** A misspelt option would otherwise be a default without a word. */
export function checkKeys(where: string, options: object, allowed: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${where} takes an object of options`)
  for (const key of Object.keys(options)) {
    if (!allowed.includes(key))
      throw new TypeError(`${where}: unknown option "${key}" (known: ${allowed.join(', ')})`)
  }
}

/** Refuses what lacks one of the methods, such as a name given in place of the thing. */
export function methods<Value extends object>(
  value: Value,
  name: string,
  needed: readonly (keyof Value & string)[],
): Value {
  const isObject = typeof value === 'object' && value !== null
  const missing = needed.find((method) => !isObject || typeof value[method] !== 'function')
  if (missing === undefined) return value
  throw new TypeError(`${name} must be an object with \`${missing}()\``)
}

export function positiveDuration(value: Duration, name: string): number {
  const ms = parseDuration(value, name)
  if (ms <= 0) throw new TypeError(`${name} must be longer than 0`)
  return ms
}

export function flag(value: boolean, name: string): boolean {
  if (typeof value === 'boolean') return value
  throw new TypeError(`${name} must be true or false`)
}

export function integer(value: number, name: string, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new TypeError(`${name} must be a whole number from ${least} to ${most}`)
}

/** Short and printable: it becomes a header, or part of a log line. */
export function printable(value: string, name: string): string {
  if (typeof value === 'string' && /^[\x20-\x7e]{1,256}$/.test(value)) return value
  throw new TypeError(`${name} must be 1 to 256 printable ASCII characters`)
}
