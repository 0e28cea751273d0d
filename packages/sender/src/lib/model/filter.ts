import { checkFilter } from './check-filter'

export { checkFilter } from './check-filter'

/**
 * A stored condition over an event's `data`; see `compileFilter`.
 *
 * @example
 * ```json
 * { "and": [{ "path": "run.status", "eq": "failed" }, { "not": { "path": "run.attempts", "lt": 3 } }] }
 * ```
 */
export type Filter =
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter }
  | FilterCondition

/** One comparison of what `path` finds. */
export type FilterCondition =
  | { readonly path: string; readonly eq: FilterValue }
  | { readonly path: string; readonly ne: FilterValue }
  | { readonly path: string; readonly gt: number | string }
  | { readonly path: string; readonly gte: number | string }
  | { readonly path: string; readonly lt: number | string }
  | { readonly path: string; readonly lte: number | string }
  | { readonly path: string; readonly in: readonly FilterValue[] }
  | { readonly path: string; readonly exists: boolean }
  | { readonly path: string; readonly prefix: string }

export type FilterValue = string | number | boolean | null

type Predicate = (data: unknown) => boolean

/**
 * Turns a filter into a function of the event's data that never throws.
 *
 * A path is the names of properties joined by dots (`run.steps.0`); only an object's or array's own JSON members are found, and
 * `__proto__` never is. `eq`, `ne` and `in` compare scalars without conversion; `ne` is the opposite of `eq`, so it holds where nothing is found.
 * `gt`, `gte`, `lt`, `lte` compare numbers with numbers and strings with strings (by UTF-16 code units), and are false for anything else.
 *
 * @throws WebhookError `invalid_filter`, for what `checkFilter` refuses.
 */
export function compileFilter(filter: Filter): Predicate {
  return compile(checkFilter(filter))
}

function compile(filter: Filter): Predicate {
  if ('and' in filter) {
    const parts = filter.and.map(compile)
    return (data) => parts.every((part) => part(data))
  }
  if ('or' in filter) {
    const parts = filter.or.map(compile)
    return (data) => parts.some((part) => part(data))
  }
  if ('not' in filter) {
    const part = compile(filter.not)
    return (data) => !part(data)
  }
  const test = compileCondition(filter)
  const segments = filter.path.split('.')
  return (data) => test(lookUp(data, segments))
}

/** A test of the value found; undefined where none was, which JSON cannot hold. */
function compileCondition(condition: FilterCondition): (found: unknown) => boolean {
  if ('eq' in condition) return (found) => found === condition.eq
  if ('ne' in condition) return (found) => found !== condition.ne
  if ('gt' in condition) return (found) => isLike(found, condition.gt) && found > condition.gt
  if ('gte' in condition) return (found) => isLike(found, condition.gte) && found >= condition.gte
  if ('lt' in condition) return (found) => isLike(found, condition.lt) && found < condition.lt
  if ('lte' in condition) return (found) => isLike(found, condition.lte) && found <= condition.lte
  if ('exists' in condition) return (found) => (found !== undefined) === condition.exists
  if ('prefix' in condition)
    return (found) => typeof found === 'string' && found.startsWith(condition.prefix)
  const values = new Set<unknown>(condition.in)
  return (found) => values.has(found)
}

function isLike(found: unknown, bound: number | string): found is number | string {
  return typeof found === typeof bound
}

function lookUp(data: unknown, segments: readonly string[]): unknown {
  let found = data
  for (const segment of segments) {
    if (!isObject(found) || !hasMember(found, segment)) return undefined
    found = found[segment]
  }
  return found
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** Enumerable, so that an array's `length`, which JSON does not have, is not found either. */
function hasMember(object: object, name: string): boolean {
  return name !== '__proto__' && Object.prototype.propertyIsEnumerable.call(object, name)
}
