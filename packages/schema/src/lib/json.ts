import { WebhookError } from './errors'
import { joinPath } from './path'

/** Deeper than any real payload, shallow enough for every parser's stack. */
const deepest = 500

/** What JSON.stringify would silently turn into something else, usually `{}`. */
const lossy =
  /^\[object (Map|Set|WeakMap|WeakSet|WeakRef|Promise|RegExp|Error|ArrayBuffer|SharedArrayBuffer|BigInt|Symbol)\]$/

const nothing = 'is undefined'

interface Fault {
  readonly reason: string
  /** From the inside out. */
  readonly keys: PropertyKey[]
}

/**
 * JSON text of a value that survives it. Undefined object properties are left out; objects with `toJSON`, such as
 * dates, are encoded as `JSON.stringify` does.
 *
 * @param at what the value is, to begin the path in the error: `'data'`
 * @throws WebhookError `not_serializable` with `details.path`, for a BigInt, a cycle, a function, a symbol, NaN,
 * infinity, an invalid date, a Map, a Set, binary data, nesting deeper than 500, or undefined at the top or in an array
 */
export function encodeJson(value: unknown, at = ''): string {
  let text: string | undefined
  try {
    const fault = find(value, '', [])
    if (fault !== undefined) throw refusal(fault, at)
    text = JSON.stringify(value)
  } catch (error) {
    if (WebhookError.is(error)) throw error
    throw refusal({ reason: 'threw while it was encoded', keys: [] }, at, error)
  }
  // A `toJSON` may answer differently the second time.
  if (text === undefined) throw refusal({ reason: nothing, keys: [] }, at)
  return text
}

function refusal(fault: Fault, at: string, cause?: unknown): WebhookError {
  const path = joinPath(at, fault.keys.reverse())
  return new WebhookError(
    'not_serializable',
    `${path === '' ? 'The value' : path} ${fault.reason}. Send only what JSON can carry.`,
    cause === undefined ? { details: { path } } : { details: { path }, cause },
  )
}

/** The first thing in `value` that JSON would lose. Allocates nothing per value while all is well. */
function find(value: unknown, key: string, ancestors: object[]): Fault | undefined {
  if (typeof value !== 'object' || value === null) return scalarFault(value)
  if (ancestors.includes(value)) return { reason: 'refers back to itself', keys: [] }
  if (ancestors.length >= deepest) return { reason: `is nested deeper than ${deepest}`, keys: [] }
  ancestors.push(value)
  const fault = findWithin(value, key, ancestors)
  ancestors.pop()
  return fault
}

function findWithin(value: object, key: string, ancestors: object[]): Fault | undefined {
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    if (isInvalidDate(value)) return { reason: 'is an invalid date', keys: [] }
    const converted: unknown = value.toJSON(key)
    // The converted value is encoded as it is: a second toJSON is not asked.
    if (typeof converted !== 'object' || converted === null) return scalarFault(converted)
    return findInside(converted, ancestors)
  }
  return findInside(value, ancestors)
}

function findInside(value: object, ancestors: object[]): Fault | undefined {
  if (Array.isArray(value)) return findInArray(value, ancestors)
  const tag = lossy.exec(Object.prototype.toString.call(value))?.[1]
  if (tag !== undefined) return { reason: `is a ${tag}`, keys: [] }
  if (ArrayBuffer.isView(value)) return { reason: 'is binary data', keys: [] }
  for (const [key, child] of Object.entries(value)) {
    const fault = find(child, key, ancestors)
    // Left out, whether undefined itself or by its toJSON.
    if (fault === undefined || (fault.reason === nothing && fault.keys.length === 0)) continue
    return within(fault, key)
  }
  return undefined
}

function findInArray(value: readonly unknown[], ancestors: object[]): Fault | undefined {
  for (let index = 0; index < value.length; index += 1) {
    const fault = find(value[index], String(index), ancestors)
    if (fault !== undefined) return within(fault, index)
  }
  return undefined
}

function within(fault: Fault, key: PropertyKey): Fault {
  fault.keys.push(key)
  return fault
}

function scalarFault(value: unknown): Fault | undefined {
  switch (typeof value) {
    case 'bigint':
      return { reason: 'is a BigInt', keys: [] }
    case 'function':
    case 'symbol':
      return { reason: `is a ${typeof value}`, keys: [] }
    case 'undefined':
      return { reason: nothing, keys: [] }
    case 'number':
      return Number.isFinite(value) ? undefined : { reason: `is ${value}`, keys: [] }
    default:
      return undefined
  }
}

function isInvalidDate(value: object): boolean {
  return value instanceof Date && Number.isNaN(value.getTime())
}
