import type { Comparison, Difference } from './model'

const lower = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties']
const upper = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties']

/** Bounds raised, lowered, added or dropped. */
export function limitDifferences(comparison: Comparison): readonly Difference[] {
  return [
    ...lower.flatMap((keyword) => bound(comparison, keyword, 1)),
    ...upper.flatMap((keyword) => bound(comparison, keyword, -1)),
  ]
}

/** `direction` is 1 where a larger bound admits less. An absent bound is infinitely far off. */
function bound(
  { before, after, context }: Comparison,
  keyword: string,
  direction: 1 | -1,
): readonly Difference[] {
  const was = limit(before[keyword], direction)
  const is = limit(after[keyword], direction)
  if (was === is) return []
  const kind = is > was ? 'narrowed' : 'widened'
  return [{ path: context.path, kind, message: `${kind} its ${keyword}` }]
}

function limit(value: unknown, direction: 1 | -1): number {
  return typeof value === 'number' ? value * direction : Number.NEGATIVE_INFINITY
}
