import type { HeaderBag, VerifyFailure } from './scheme'

export const missing: VerifyFailure = Object.freeze({ ok: false, code: 'missing_header' })
export const duplicate: VerifyFailure = Object.freeze({ ok: false, code: 'duplicate_header' })
export const malformed: VerifyFailure = Object.freeze({ ok: false, code: 'malformed_header' })

/** The one value of a header, or what is wrong with it. */
export type HeaderValue = string | VerifyFailure

/** Prepares the look-up, in any case, of headers by their lower-case names. */
export function headerFinder(names: readonly string[]): (bag: HeaderBag) => readonly HeaderValue[] {
  const lengths = names.map((name) => name.length)
  return (bag) => {
    if (isHeaders(bag)) return names.map((name) => bag.get(name) ?? missing)
    const found = names.map((): HeaderValue => missing)
    for (const key in bag) {
      // Spares lower-casing every name.
      if (!lengths.includes(key.length)) continue
      const index = names.indexOf(key.toLowerCase())
      if (index >= 0 && Object.hasOwn(bag, key)) found[index] = both(single(bag[key]), found[index])
    }
    return found
  }
}

function isHeaders(bag: HeaderBag): bag is { get(name: string): string | null } {
  return typeof bag.get === 'function'
}

/** What two spellings of one name say together. */
function both(one: HeaderValue, other: HeaderValue = missing): HeaderValue {
  if (one === missing) return other
  return other === missing ? one : duplicate
}

function single(value: unknown): HeaderValue {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return missing
  if (!Array.isArray(value)) return malformed
  return value.length > 1 ? duplicate : single(value[0])
}

/**
 * For a value that can hold no comma of its own. Node's HTTP server and fetch's `Headers` join the values of a
 * repeated header with one.
 */
export function plain(value: HeaderValue | undefined): HeaderValue {
  if (value === undefined) return missing
  return typeof value === 'string' && value.includes(',') ? duplicate : value
}
