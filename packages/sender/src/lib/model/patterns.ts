import { WebhookError } from '@posthorn/schema'

const mostPatterns = 100
const longestPattern = 128
const pattern = /^(?:[A-Za-z0-9_-]+|\*)(?:\.(?:[A-Za-z0-9_-]+|\*))*$/

/** Segments of `A-Z a-z 0-9 _ -`, or `*` for one or more segments, joined by dots; at most 128 characters. */
export function isPattern(value: unknown): value is string {
  return typeof value === 'string' && value.length <= longestPattern && pattern.test(value)
}

/** Whether one of the patterns takes in the type: `run.*` takes in `run.completed` and `run.node.failed`, not `run`. */
export function matchesType(patterns: readonly string[], type: string): boolean {
  return patterns.some((candidate) => matchesPattern(candidate, type))
}

/**
 * Types and patterns have no empty segment, so "one or more segments" is "one or more characters" here. The literal pieces between stars
 * are then looked for from left to right, each as early as it can stand: nothing is ever tried twice.
 */
function matchesPattern(candidate: string, type: string): boolean {
  const star = candidate.indexOf('*')
  if (star < 0) return candidate === type
  if (!type.startsWith(candidate.slice(0, star))) return false
  const lastStar = candidate.lastIndexOf('*')
  let end = -1
  for (const piece of candidate.slice(0, lastStar).split('*')) {
    const at = type.indexOf(piece, end + 1)
    if (at < 0) return false
    end = at + piece.length
  }
  const last = candidate.slice(lastStar + 1)
  return type.endsWith(last) && end < type.length - last.length
}

/** The event types of an endpoint, as the caller gave them: 1 to 100 patterns, each kept once. */
export function checkEventTypes(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > mostPatterns) {
    throw new WebhookError(
      'invalid_endpoint',
      `\`eventTypes\` must be an array of 1 to ${mostPatterns} patterns.`,
    )
  }
  const kept = new Set<string>()
  for (const [index, item] of value.entries()) {
    if (!isPattern(item)) throw badPattern(item, index)
    kept.add(item)
  }
  return Object.freeze([...kept])
}

function badPattern(item: unknown, index: number): WebhookError {
  const shown = typeof item === 'string' ? ` ${JSON.stringify(item.slice(0, longestPattern))}` : ''
  return new WebhookError(
    'invalid_endpoint',
    `\`eventTypes[${index}]\`${shown} must be segments of A-Z a-z 0-9 _ - or * joined by dots, at most ${longestPattern} characters.`,
    { details: { index } },
  )
}
