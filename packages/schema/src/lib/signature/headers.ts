import type { HeaderBag, VerifyFailure } from './scheme'
import { invalidArgument } from './secret'

export const missing: VerifyFailure = Object.freeze({ ok: false, code: 'missing_header' })
export const duplicate: VerifyFailure = Object.freeze({ ok: false, code: 'duplicate_header' })
export const malformed: VerifyFailure = Object.freeze({ ok: false, code: 'malformed_header' })

/** The one value of a header, or what is wrong with it. */
export type HeaderValue = string | VerifyFailure

/**
 * Prepares the look-up, in any case, of headers by their lower-case names. Node's and most others' names are
 * lower-case already, so those are looked up directly once it is clear that no other spelling is there.
 */
export function headerFinder(names: readonly string[]): (bag: HeaderBag) => readonly HeaderValue[] {
  const lengths = names.map((name) => name.length)
  return (bag) => {
    if (typeof bag !== 'object' || bag === null) {
      throw invalidArgument('headers must be a Headers object or an object of names and values')
    }
    if (isHeaders(bag)) return names.map((name) => bag.get(name) ?? missing)
    for (const key in bag) {
      if (!lengths.includes(key.length) || names.includes(key)) continue
      if (names.includes(key.toLowerCase())) return names.map((name) => findInAnyCase(bag, name))
    }
    return names.map((name) => (Object.hasOwn(bag, name) ? single(bag[name]) : missing))
  }
}

function isHeaders(bag: HeaderBag): bag is { get(name: string): string | null } {
  return typeof bag.get === 'function'
}

function findInAnyCase(
  bag: Readonly<Record<string, string | readonly string[] | undefined>>,
  name: string,
): HeaderValue {
  let found: HeaderValue = missing
  for (const [key, given] of Object.entries(bag)) {
    if (key.toLowerCase() !== name) continue
    const value = single(given)
    if (value === missing) continue
    if (found !== missing) return duplicate
    found = value
  }
  return found
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
