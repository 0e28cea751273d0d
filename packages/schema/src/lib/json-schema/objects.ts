import { isObject } from '../envelope/guard'
import { joinPath } from '../path'
import { type Comparison, type Context, type Difference, list } from './model'

/** Fields removed, added, required or no longer required, and how open the object is. */
export function objectDifferences(comparison: Comparison): readonly Difference[] {
  const { before, after } = comparison
  const was = fields(before)
  const is = fields(after)
  const names = new Set([...Object.keys(was), ...Object.keys(is)])
  return [
    ...[...names].flatMap((name) => fieldDifferences(comparison, name, was, is)),
    ...opennessDifferences(comparison),
  ]
}

type Fields = Readonly<Record<string, unknown>>

function fields(schema: Fields): Fields {
  return isObject(schema.properties) ? schema.properties : {}
}

function fieldDifferences(
  { before, after, context, compare }: Comparison,
  name: string,
  was: Fields,
  is: Fields,
): readonly Difference[] {
  const inner = at(context, name)
  const { path } = inner
  const [needed, needs] = [list(before.required), list(after.required)].map((r) => r.includes(name))
  if (!Object.hasOwn(is, name)) return [{ path, kind: 'narrowed', message: 'was removed' }]
  if (!Object.hasOwn(was, name)) return [added(before, path, needs === true)]
  const inside = compare(was[name], is[name], inner)
  if (needed === needs) return inside
  return [
    needs
      ? { path, kind: 'narrowed', message: 'is now required' }
      : { path, kind: 'widened', message: 'is no longer required' },
    ...inside,
  ]
}

function added(before: Fields, path: string, needed: boolean): Difference {
  if (needed) return { path, kind: 'narrowed', message: 'was added and is required' }
  return before.additionalProperties === false
    ? {
        path,
        kind: 'widened',
        message: 'was added, where the older version admits no other fields',
      }
    : { path, kind: 'field_added', message: 'was added and is optional' }
}

function opennessDifferences({
  before,
  after,
  context,
  compare,
}: Comparison): readonly Difference[] {
  return compare(before.additionalProperties, after.additionalProperties, at(context, '*'))
}

function at(context: Context, name: string): Context {
  return { ...context, path: name === '*' ? `${context.path}.*` : joinPath(context.path, [name]) }
}
