import { WebhookError } from '@posthorn/schema'
import type { Filter, FilterValue } from './filter'

const deepest = 16
const mostNodes = 256
const mostValues = 100
const mostSegments = 32
const longestPath = 256
const longestText = 1024
/** Of all paths and strings together: a filter is stored, and read, with its endpoint. */
const mostCharacters = 16_384

/** What has been counted so far. */
interface Budget {
  nodes: number
  characters: number
}

/** Where a node stands. */
interface Place {
  readonly at: string
  readonly depth: number
  readonly budget: Budget
}

/**
 * Checks a filter as the caller gave it, and answers a frozen copy with nothing in it but the operators known here. At most 16 levels, 256
 * nodes, 100 values in an `in`, and 16,384 characters.
 *
 * @throws WebhookError `invalid_filter`, with the path of what is wrong in the message and in `details.path`.
 */
export function checkFilter(value: unknown): Filter {
  return checkNode(value, { at: 'filter', depth: 1, budget: { nodes: 0, characters: 0 } })
}

function checkNode(value: unknown, place: Place): Filter {
  const { at, depth, budget } = place
  if (depth > deepest) throw invalid(at, `is nested more than ${deepest} levels deep`)
  budget.nodes += 1
  if (budget.nodes > mostNodes) throw invalid(at, `is one of more than ${mostNodes} nodes`)
  if (!isRecord(value)) throw invalid(at, 'must be an object')
  const keys = Object.keys(value)
  const [key] = keys
  if (keys.length === 1 && key === 'and')
    return Object.freeze({ and: checkParts(value.and, place, key) })
  if (keys.length === 1 && key === 'or')
    return Object.freeze({ or: checkParts(value.or, place, key) })
  if (keys.length === 1 && key === 'not')
    return Object.freeze({ not: checkNode(value.not, within(place, '.not')) })
  return Object.freeze(checkCondition(value, keys, place))
}

function checkParts(value: unknown, place: Place, key: string): readonly Filter[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw invalid(`${place.at}.${key}`, 'must be an array of at least one filter')
  }
  return Object.freeze(
    Array.from(value, (part, index) => checkNode(part, within(place, `.${key}[${index}]`))),
  )
}

function checkCondition(
  value: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  place: Place,
): Filter {
  const operators = keys.filter((key) => key !== 'path')
  const [operator] = operators
  if (operator === undefined || operators.length > 1 || !keys.includes('path')) {
    throw invalid(place.at, 'must have `and`, `or` or `not` alone, or `path` with one operator')
  }
  const path = checkPath(value.path, place)
  const operand = value[operator]
  const at = `${place.at}.${operator}`
  switch (operator) {
    case 'eq':
      return { path, eq: checkScalar(operand, at, place.budget) }
    case 'ne':
      return { path, ne: checkScalar(operand, at, place.budget) }
    case 'gt':
      return { path, gt: checkBound(operand, at, place.budget) }
    case 'gte':
      return { path, gte: checkBound(operand, at, place.budget) }
    case 'lt':
      return { path, lt: checkBound(operand, at, place.budget) }
    case 'lte':
      return { path, lte: checkBound(operand, at, place.budget) }
    case 'in':
      return { path, in: checkValues(operand, at, place.budget) }
    case 'exists':
      return { path, exists: checkBoolean(operand, at) }
    case 'prefix':
      return { path, prefix: checkText(operand, at, place.budget) }
    default:
      throw invalid(place.at, `has an unknown operator ${JSON.stringify(operator.slice(0, 32))}`)
  }
}

function checkPath(value: unknown, place: Place): string {
  const at = `${place.at}.path`
  if (typeof value !== 'string' || value.length > longestPath) {
    throw invalid(at, `must be a string of at most ${longestPath} characters`)
  }
  const segments = value.split('.')
  if (segments.length > mostSegments || segments.includes('')) {
    throw invalid(at, `must be 1 to ${mostSegments} property names joined by dots`)
  }
  spend(value, at, place.budget)
  return value
}

function checkScalar(value: unknown, at: string, budget: Budget): FilterValue {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return checkText(value, at, budget)
  if (isFiniteNumber(value)) return value
  throw invalid(at, 'must be a string, a finite number, a boolean or null')
}

function checkBound(value: unknown, at: string, budget: Budget): number | string {
  if (typeof value === 'string') return checkText(value, at, budget)
  if (isFiniteNumber(value)) return value
  throw invalid(at, 'must be a string or a finite number')
}

function checkValues(value: unknown, at: string, budget: Budget): readonly FilterValue[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > mostValues) {
    throw invalid(at, `must be an array of 1 to ${mostValues} values`)
  }
  return Object.freeze(
    Array.from(value, (item, index) => checkScalar(item, `${at}[${index}]`, budget)),
  )
}

function checkBoolean(value: unknown, at: string): boolean {
  if (typeof value !== 'boolean') throw invalid(at, 'must be true or false')
  return value
}

function checkText(value: unknown, at: string, budget: Budget): string {
  if (typeof value !== 'string' || value.length > longestText) {
    throw invalid(at, `must be a string of at most ${longestText} characters`)
  }
  spend(value, at, budget)
  return value
}

function spend(text: string, at: string, budget: Budget): void {
  budget.characters += text.length
  if (budget.characters > mostCharacters)
    throw invalid(at, `makes the filter longer than ${mostCharacters} characters`)
}

function within(place: Place, step: string): Place {
  return { at: `${place.at}${step}`, depth: place.depth + 1, budget: place.budget }
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(path: string, problem: string): WebhookError {
  return new WebhookError('invalid_filter', `\`${path}\` ${problem}.`, { details: { path } })
}
