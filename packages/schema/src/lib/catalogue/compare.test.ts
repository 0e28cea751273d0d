import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type CatalogueChange, compareCatalogues } from './compare'
import { defineEvents } from './define'

function changes(older: z.ZodType, newer: z.ZodType): readonly CatalogueChange[] {
  return compareCatalogues(defineEvents({ x: older }), defineEvents({ x: newer }))
}

/** `kind path`, of breaking changes with a `!`. */
function brief(older: z.ZodType, newer: z.ZodType): readonly string[] {
  return changes(older, newer).map(
    ({ kind, path, breaking }) => `${breaking ? '!' : ''}${kind} ${path}`,
  )
}

const s = z.string()
const n = z.number()

describe('types and versions', () => {
  const v1 = z.object({ a: s })
  const v2 = z.object({ b: s })

  it('that come and go are named', () => {
    const older = defineEvents({
      gone: v1,
      kept: { versions: { 1: v1, 2: v2 }, upcast: { 1: ({ a }) => ({ b: a }) } },
    })
    const newer = defineEvents({
      come: v1,
      kept: { versions: { 2: v2, 3: v1 }, upcast: { 2: ({ b }) => ({ a: b }) } },
    })
    expect(compareCatalogues(older, newer)).toEqual([
      { kind: 'type_removed', breaking: true, type: 'gone', message: 'gone was removed.' },
      {
        kind: 'version_removed',
        breaking: true,
        type: 'kept',
        version: 1,
        message: 'Version 1 of kept was removed.',
      },
      {
        kind: 'version_added',
        breaking: false,
        type: 'kept',
        version: 3,
        message: 'Version 3 of kept was added.',
      },
      { kind: 'type_added', breaking: false, type: 'come', message: 'come was added.' },
    ])
  })

  it('that stay the same are not', () => {
    const same = () => z.object({ a: s.min(1), b: z.array(n).optional(), c: z.enum(['x', 'y']) })
    expect(changes(same(), same())).toEqual([])
    expect(changes(v1, v1)).toEqual([])
    expect(changes(z.object({ a: s, b: n }), z.object({ b: n, a: s }))).toEqual([])
    expect(changes(s.describe('one'), s.describe('two'))).toEqual([])
  })
})

describe('a changed schema', () => {
  it('is told in a sentence', () => {
    expect(changes(z.object({ a: s.optional() }), z.object({ a: s }))).toEqual([
      {
        kind: 'narrowed',
        breaking: true,
        type: 'x',
        version: 1,
        path: 'data.a',
        message: 'In version 1 of x, data.a is now required.',
      },
    ])
  })

  it.each<[string, z.ZodType, z.ZodType, readonly string[]]>([
    [
      'an optional field added',
      z.object({}),
      z.object({ a: s.optional() }),
      ['field_added data.a'],
    ],
    [
      'a field with a default added',
      z.object({}),
      z.object({ a: s.default('') }),
      ['field_added data.a'],
    ],
    ['a required field added', z.object({}), z.object({ a: s }), ['!narrowed data.a']],
    ['a field removed', z.object({ a: s }), z.object({}), ['!narrowed data.a']],
    ['a field required', z.object({ a: s.optional() }), z.object({ a: s }), ['!narrowed data.a']],
    [
      'a field no longer required',
      z.object({ a: s }),
      z.object({ a: s.optional() }),
      ['!widened data.a'],
    ],
    [
      'an optional field added to a strict object',
      z.strictObject({}),
      z.strictObject({ a: s.optional() }),
      ['!widened data.a'],
    ],
    ['an object made strict', z.object({}), z.strictObject({}), ['!narrowed data.*']],
    ['an object made loose', z.strictObject({}), z.looseObject({}), ['!widened data.*']],
    [
      'another type',
      z.object({ a: s }),
      z.object({ a: n }),
      ['!narrowed data.a', '!widened data.a'],
    ],
    [
      'a number made an integer',
      n,
      z.int(),
      ['!narrowed data', '!narrowed data', '!narrowed data'],
    ],
    ['null admitted', s, s.nullable(), ['!widened data']],
    ['null refused', s.nullable(), s, ['!narrowed data']],
    ['a value taken from an enum', z.enum(['a', 'b']), z.enum(['a']), ['!narrowed data']],
    ['a value put into an enum', z.enum(['a']), z.enum(['a', 'b']), ['!widened data']],
    ['a literal changed', z.literal('a'), z.literal('b'), ['!narrowed data', '!widened data']],
    ['an enum made text', z.enum(['a']), s, ['!widened data']],
    ['text made an enum', s, z.enum(['a']), ['!narrowed data']],
    ['a minimum raised', s.min(1), s.min(2), ['!narrowed data']],
    ['a minimum lowered', s.min(2), s.min(1), ['!widened data']],
    ['a minimum added', s, s.min(1), ['!narrowed data']],
    ['a minimum dropped', s.min(1), s, ['!widened data']],
    ['a maximum lowered', n.max(5), n.max(4), ['!narrowed data']],
    ['a maximum raised', n.max(4), n.max(5), ['!widened data']],
    ['a maximum added', z.array(s), z.array(s).max(5), ['!narrowed data']],
    ['a maximum dropped', z.array(s).max(5), z.array(s), ['!widened data']],
    [
      'an exclusive bound moved',
      n.gt(1).lt(9),
      n.gt(2).lt(10),
      ['!narrowed data', '!widened data'],
    ],
    ['a pattern changed', s.regex(/a/), s.regex(/b/), ['!changed data']],
    ['a format added', s, z.email(), ['!changed data', '!changed data']],
    ['items changed', z.array(s), z.array(n), ['!narrowed data[]', '!widened data[]']],
    [
      'a field within items',
      z.array(z.object({ 'a b': s })),
      z.array(z.object({})),
      ['!narrowed data[]["a b"]'],
    ],
    ['a record’s values', z.record(s, s), z.record(s, n), ['!narrowed data.*', '!widened data.*']],
    [
      'a tuple’s place',
      z.tuple([s, n]),
      z.tuple([s, s]),
      ['!narrowed data[1]', '!widened data[1]'],
    ],
    [
      'a variant lost',
      z.union([z.object({ k: z.literal('a') }), z.object({ k: z.literal('b') })]),
      z.union([z.object({ k: z.literal('a') })]),
      ['!narrowed data'],
    ],
  ])('%s', (_, older, newer, expected) => {
    expect(brief(older, newer)).toEqual(expected)
  })

  const variant = (k: string, shape: z.ZodRawShape = {}) => z.object({ k: z.literal(k), ...shape })

  it('names variants lost, gained and changed, in any order', () => {
    const older = z.discriminatedUnion('k', [variant('a'), variant('b', { n }), variant('c')])
    const newer = z.discriminatedUnion('k', [variant('d'), variant('c'), variant('b', { n: s })])
    expect(changes(older, newer).map(({ message }) => message)).toEqual([
      'In version 1 of x, data lost a variant (k = "a").',
      'In version 1 of x, data.n is no longer a number.',
      'In version 1 of x, data.n may now be a string.',
      'In version 1 of x, data gained a variant (k = "d").',
    ])
    expect(changes(older, older.clone())).toEqual([])
  })

  it('compares what all of several must hold', () => {
    const both = z.intersection(z.object({ a: s }), z.object({ b: s }))
    const more = z.intersection(both, z.object({ c: s }))
    expect(brief(both, both.clone())).toEqual([])
    expect(changes(both, more).every(({ breaking }) => breaking)).toBe(true)
    expect(changes(both, more).length).toBeGreaterThan(0)
  })

  it('follows references, and comes to an end', () => {
    const tree = (leaf: z.ZodType) => {
      const node: z.ZodType = z.lazy(() => z.object({ leaf, children: z.array(node) }))
      return node
    }
    expect(brief(tree(s), tree(s))).toEqual([])
    expect(brief(tree(s), tree(n))).toEqual(['!narrowed data.leaf', '!widened data.leaf'])
    const shared = (leaf: z.ZodType) => {
      const part = z.object({ leaf })
      return z.object({ one: part, two: part.optional(), list: tree(leaf) })
    }
    expect(brief(shared(s), shared(s))).toEqual([])
    expect(brief(shared(s), shared(n)).length).toBeGreaterThanOrEqual(4)
  })
})

describe('schemas that offer no JSON Schema', () => {
  const opaque = () =>
    ({
      '~standard': { version: 1, vendor: 'ours', validate: (value: unknown) => ({ value }) },
    }) as const

  it('are named, unless they are the very same', () => {
    const one = opaque()
    const older = defineEvents({ same: one, other: opaque(), dated: z.date() })
    const newer = defineEvents({ same: one, other: opaque(), dated: z.date() })
    expect(compareCatalogues(older, newer)).toMatchObject([
      { kind: 'not_comparable', breaking: false, type: 'other', version: 1 },
      { kind: 'not_comparable', breaking: false, type: 'dated', version: 1 },
    ])
  })

  it('are compared by what the caller makes of them', () => {
    const [was, is] = [opaque(), opaque()]
    const result = compareCatalogues(defineEvents({ x: was }), defineEvents({ x: is }), {
      jsonSchema: (schema) => ({ type: schema === was ? 'string' : 'number' }),
    })
    expect(result.map(({ kind }) => kind)).toEqual(['narrowed', 'widened'])
  })

  it.each<[unknown, unknown, readonly string[]]>([
    [true, {}, []],
    [true, false, ['narrowed']],
    [false, true, ['widened']],
    [false, { type: 'string' }, ['widened']],
    [{ type: 'string' }, true, ['widened']],
    [{ $ref: '#/$defs/none' }, { $ref: '#/$defs/none' }, []],
    [{ not: { type: 'string' } }, { not: { type: 'number' } }, ['changed']],
    [{ type: ['string', 'null'] }, { type: 'string' }, ['narrowed']],
    [{ type: 'integer' }, { type: 'number' }, ['widened']],
    [{ type: 'number' }, { type: 'integer' }, ['narrowed']],
    [{ enum: [1, { b: 1, a: 2 }] }, { enum: [{ a: 2, b: 1 }, 1] }, []],
  ])('%j to %j', (older, newer, kinds) => {
    const [was, is] = [opaque(), opaque()]
    const result = compareCatalogues(defineEvents({ x: was }), defineEvents({ x: is }), {
      jsonSchema: (schema) => (schema === was ? older : newer),
    })
    expect(result.map(({ kind }) => kind)).toEqual(kinds)
  })
})
