import { WebhookError, type WebhookErrorCode } from '@posthorn/schema'

/** Makes the errors of one code, each naming the field that is wrong. */
export function refusal(code: WebhookErrorCode) {
  return (field: string, rule: string): WebhookError =>
    new WebhookError(code, `\`${field}\` ${rule}.`, { details: { field } })
}

/** NUL is what some databases refuse; half a surrogate pair they store as another character, and two keys become one. */
export function isStorable(text: string): boolean {
  return !/[\0\p{Cs}]/u.test(text)
}

/** An object literal, and no array, `Map`, `Headers` or other thing whose content `Object.entries` does not show. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  // An object of another realm (Jest) has another Object.prototype, itself without a prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Refuses what is no object, and fields that do not exist: a misspelt one would otherwise be a default without a word. */
export function checkFields(
  what: string,
  value: unknown,
  known: readonly string[],
  invalid: (field: string, rule: string) => WebhookError = refusal('invalid_argument'),
): void {
  if (typeof value !== 'object' || value === null) throw invalid(what, 'must be an object')
  const stray = Object.keys(value).find((key) => !known.includes(key))
  if (stray !== undefined)
    throw invalid(stray.slice(0, 64), `is not a field of ${what} (known: ${known.join(', ')})`)
}
