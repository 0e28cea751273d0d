import { isObject } from '../envelope/guard'
import { type Comparison, canonical, type Difference, list } from './model'

/** Branches of `anyOf`, `oneOf` and `allOf`, in any order. */
export function variantDifferences(comparison: Comparison): readonly Difference[] {
  const { before, after } = comparison
  const was = [...list(before.anyOf), ...list(before.oneOf)]
  const is = [...list(after.anyOf), ...list(after.oneOf)]
  return [
    ...branches(comparison, was, is, ['narrowed', 'widened']),
    // Every branch of allOf must hold, so one less admits more.
    ...branches(comparison, list(before.allOf), list(after.allOf), ['widened', 'narrowed']),
  ]
}

type Kind = 'narrowed' | 'widened'

function branches(
  { context, compare }: Comparison,
  was: readonly unknown[],
  is: readonly unknown[],
  [gone, come]: readonly [Kind, Kind],
): readonly Difference[] {
  const { path } = context
  if (was.length === 0 && is.length === 0) return []
  if (was.length === 0) return [{ path, kind: gone, message: 'now has variants' }]
  if (is.length === 0) return [{ path, kind: come, message: 'no longer has variants' }]
  const left = without(was, is)
  const right = without(is, was)
  const pairs = left.map((older) => ({
    older,
    newer: right.find((newer) => tag(newer) === tag(older)),
  }))
  const paired = new Set(pairs.map(({ newer }) => newer))
  return [
    ...pairs.flatMap(({ older, newer }): readonly Difference[] =>
      newer === undefined
        ? [{ path, kind: gone, message: `lost a variant${named(older)}` }]
        : compare(older, newer, context),
    ),
    ...right
      .filter((newer) => !paired.has(newer))
      .map((newer) => ({ path, kind: come, message: `gained a variant${named(newer)}` })),
  ]
}

function without(schemas: readonly unknown[], others: readonly unknown[]): readonly unknown[] {
  const known = new Set(others.map(canonical))
  return schemas.filter((schema) => !known.has(canonical(schema)))
}

function named(schema: unknown): string {
  const name = tag(schema)
  return name === '' ? '' : ` (${name})`
}

/** What tells a variant from its siblings: its constant fields, or else its type. */
function tag(schema: unknown): string {
  if (!isObject(schema)) return ''
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : []
  const constants = properties.flatMap(([name, field]) =>
    isObject(field) && 'const' in field ? [`${name} = ${canonical(field.const)}`] : [],
  )
  return constants.length > 0 ? constants.join(', ') : list(schema.type).join(' | ')
}
