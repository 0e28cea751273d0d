import type { HeaderBag, VerifyFailure } from './scheme'
import { invalidArgument } from './secret'

export const missing: VerifyFailure = Object.freeze({ ok: false, code: 'missing_header' })
export const duplicate: VerifyFailure = Object.freeze({ ok: false, code: 'duplicate_header' })
export const malformed: VerifyFailure = Object.freeze({ ok: false, code: 'malformed_header' })

/** The one value of a header, looked up in any case, or what is wrong with it. `name` is lower-case. */
export function readHeader(bag: HeaderBag, name: string): string | VerifyFailure {
  if (typeof bag !== 'object' || bag === null) {
    throw invalidArgument('headers must be a Headers object or an object of names and values')
  }
  if (isHeaders(bag)) return bag.get(name) ?? missing
  let found: string | VerifyFailure = missing
  for (const key in bag) {
    if (key.length !== name.length || (key !== name && key.toLowerCase() !== name)) continue
    if (!Object.hasOwn(bag, key)) continue
    const value = single(bag[key])
    if (value === missing) continue
    if (found !== missing) return duplicate
    found = value
  }
  return found
}

function isHeaders(bag: HeaderBag): bag is { get(name: string): string | null } {
  return typeof bag.get === 'function'
}

function single(value: unknown): string | VerifyFailure {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return missing
  if (!Array.isArray(value)) return malformed
  return value.length > 1 ? duplicate : single(value[0])
}

/**
 * A value that can hold no comma of its own. Node's HTTP server and fetch's `Headers` join the values of a repeated
 * header with one.
 */
export function readPlainHeader(bag: HeaderBag, name: string): string | VerifyFailure {
  const value = readHeader(bag, name)
  return typeof value === 'string' && value.includes(',') ? duplicate : value
}
