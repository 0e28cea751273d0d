import { isObject } from '../envelope/guard'
import { limitDifferences } from './limits'
import { type Comparison, canonical, type Difference, list } from './model'
import { objectDifferences } from './objects'
import { variantDifferences } from './variants'

/**
 * What changed between two JSON Schemas (draft 2020-12) in what they admit. Keywords it does not know in particular are
 * compared whole: a change of one is a difference, whichever way it goes.
 */
export function schemaDifferences(older: unknown, newer: unknown): readonly Difference[] {
  return compare(older, newer, {
    path: 'data',
    olderRoot: older,
    newerRoot: newer,
    seen: new Set(['# #']),
  })
}

const compare: Comparison['compare'] = (older, newer, context) => {
  const pair = `${reference(older)} ${reference(newer)}`
  if (pair !== ' ') {
    // Recursive schemas come back to the same pair of references.
    if (context.seen.has(pair)) return []
    context.seen.add(pair)
  }
  const before = resolve(older, context.olderRoot)
  const after = resolve(newer, context.newerRoot)
  if (!isObject(before) || !isObject(after)) return booleanDifference(before, after, context.path)
  const comparison = { before, after, context, compare }
  return [
    ...typeDifferences(comparison),
    ...valueDifferences(comparison),
    ...limitDifferences(comparison),
    ...objectDifferences(comparison),
    ...arrayDifferences(comparison),
    ...variantDifferences(comparison),
    ...otherDifferences(comparison),
  ]
}

function reference(schema: unknown): string {
  return isObject(schema) && typeof schema.$ref === 'string' ? schema.$ref : ''
}

/** Follows `#` and `#/$defs/name`, which is all that converters emit. */
function resolve(schema: unknown, root: unknown): unknown {
  let current = schema
  for (let hops = 0; hops < 20; hops += 1) {
    const target = reference(current)
    if (!target.startsWith('#')) return current
    current = target
      .split('/')
      .slice(1)
      .reduce<unknown>((node, key) => (isObject(node) ? node[key] : undefined), root)
  }
  return current
}

/** `true` and an absent schema admit everything, as `{}` does; `false` nothing. */
function booleanDifference(before: unknown, after: unknown, path: string): readonly Difference[] {
  const [was, is] = [admission(before), admission(after)]
  if (was === is) return []
  return [
    was > is
      ? { path, kind: 'narrowed', message: 'admits less than it did' }
      : { path, kind: 'widened', message: 'admits more than it did' },
  ]
}

function admission(schema: unknown): number {
  if (schema === false) return 0
  return isObject(schema) && Object.keys(schema).length > 0 ? 1 : 2
}

function typeDifferences({ before, after, context }: Comparison): readonly Difference[] {
  const [was, is] = [typesOf(before), typesOf(after)]
  const { path } = context
  // Fixed values without a type are compared as values.
  if (was.length === 0 || is.length === 0) return []
  const gone = was.filter((type) => !covers(is, type))
  const come = is.filter((type) => !covers(was, type))
  return [
    ...gone.map((type) => ({ path, kind: 'narrowed' as const, message: `is no longer a ${type}` })),
    ...come.map((type) => ({ path, kind: 'widened' as const, message: `may now be a ${type}` })),
  ]
}

const everyType = ['null', 'boolean', 'object', 'array', 'number', 'string']

function typesOf(schema: Readonly<Record<string, unknown>>): readonly string[] {
  if (schema.type !== undefined) {
    return list(schema.type).filter((type) => typeof type === 'string')
  }
  const branches = [...list(schema.anyOf), ...list(schema.oneOf)]
  if (branches.length > 0)
    return branches.flatMap((branch) => (isObject(branch) ? typesOf(branch) : []))
  return 'const' in schema || 'enum' in schema ? [] : everyType
}

function covers(types: readonly string[], type: string): boolean {
  return types.includes(type) || (type === 'integer' && types.includes('number'))
}

function valueDifferences({ before, after, context }: Comparison): readonly Difference[] {
  const [was, is] = [valuesOf(before), valuesOf(after)]
  const { path } = context
  if (was === undefined && is === undefined) return []
  if (was === undefined)
    return [{ path, kind: 'narrowed', message: 'is now limited to fixed values' }]
  if (is === undefined)
    return [{ path, kind: 'widened', message: 'is no longer limited to fixed values' }]
  const gone = was.filter((value) => !is.includes(value))
  const come = is.filter((value) => !was.includes(value))
  return [
    ...gone.map((value) => ({
      path,
      kind: 'narrowed' as const,
      message: `can no longer be ${value}`,
    })),
    ...come.map((value) => ({ path, kind: 'widened' as const, message: `can now be ${value}` })),
  ]
}

function valuesOf(schema: Readonly<Record<string, unknown>>): readonly string[] | undefined {
  if ('const' in schema) return [canonical(schema.const)]
  return Array.isArray(schema.enum) ? schema.enum.map(canonical) : undefined
}

function arrayDifferences({ before, after, context }: Comparison): readonly Difference[] {
  const [was, is] = [list(before.prefixItems), list(after.prefixItems)]
  const length = Math.max(was.length, is.length)
  const prefix = Array.from({ length }, (_, index) =>
    compare(was[index] ?? before.items, is[index] ?? after.items, {
      ...context,
      path: `${context.path}[${index}]`,
    }),
  )
  const items = compare(before.items, after.items, { ...context, path: `${context.path}[]` })
  return [...prefix.flat(), ...items]
}

const known = new Set([
  '$schema',
  '$id',
  '$ref',
  '$defs',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'id',
  'type',
  'const',
  'enum',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'prefixItems',
  'anyOf',
  'oneOf',
  'allOf',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
])

function otherDifferences({ before, after, context }: Comparison): readonly Difference[] {
  const keywords = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keywords]
    .filter((keyword) => !known.has(keyword))
    .filter((keyword) => canonical(before[keyword]) !== canonical(after[keyword]))
    .map((keyword) => ({ path: context.path, kind: 'changed', message: `has another ${keyword}` }))
}
