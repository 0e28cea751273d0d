import { WebhookError } from '@posthorn/schema'
import { describe, expect, it } from 'vitest'
import { checkFilter } from './check-filter'
import type { Filter } from './filter'

const leaf = { path: 'a', eq: 1 }

describe('checkFilter takes', () => {
  const good: readonly Filter[] = [
    { path: 'a', eq: 'x' },
    { path: 'a', eq: null },
    { path: 'a', eq: false },
    { path: 'a', eq: -1.5 },
    { path: 'a', ne: 'x' },
    { path: 'a', gt: 1 },
    { path: 'a', gt: 'x' },
    { path: 'a', gte: 1 },
    { path: 'a', lt: 1 },
    { path: 'a', lte: '' },
    { path: 'a', in: ['x', 1, true, null] },
    { path: 'a', exists: false },
    { path: 'a', prefix: '' },
    { path: 'a.b.0', eq: 1 },
    { path: '__proto__', eq: 1 },
    { path: 'with space.ä', eq: 1 },
    { and: [leaf] },
    { or: [leaf, { not: leaf }] },
    { not: { and: [leaf, { or: [leaf] }] } },
  ]
  it.each(good)('%j', (filter) => {
    const checked = checkFilter(filter)
    expect(checked).toEqual(filter)
    expect(checked).not.toBe(filter)
  })

  it('the order of keys as it comes', () => {
    expect(checkFilter({ eq: 1, path: 'a' })).toEqual({ path: 'a', eq: 1 })
  })

  it('and freezes all of its copy', () => {
    const given = { and: [{ path: 'a', in: ['x'] }, { or: [{ not: { path: 'a', eq: 1 } }] }] }
    const checked = checkFilter(given)
    for (const part of objectsIn(checked)) expect(Object.isFrozen(part)).toBe(true)
    expect(objectsIn(checked)).toHaveLength(8)
    expect(objectsIn(given).some((part) => Object.isFrozen(part))).toBe(false)
  })
})

function objectsIn(value: unknown): readonly object[] {
  if (typeof value !== 'object' || value === null) return []
  return [value, ...Object.values(value).flatMap(objectsIn)]
}

const shape = 'must have `and`, `or` or `not` alone, or `path` with one operator.'
const scalar = 'must be a string, a finite number, a boolean or null.'
const bound = 'must be a string or a finite number.'
const path = 'must be a string of at most 256 characters.'
const segments = 'must be 1 to 32 property names joined by dots.'
const parts = 'must be an array of at least one filter.'
const values = 'must be an array of 1 to 100 values.'
const text = 'must be a string of at most 1024 characters.'

describe('checkFilter refuses', () => {
  it.each([
    ['null', 'filter', 'must be an object.'],
    ['7', 'filter', 'must be an object.'],
    ['"a"', 'filter', 'must be an object.'],
    ['[]', 'filter', 'must be an object.'],
    ['{}', 'filter', shape],
    ['{"path":"a"}', 'filter', shape],
    ['{"eq":1}', 'filter', shape],
    ['{"path":"a","eq":1,"ne":2}', 'filter', shape],
    ['{"path":"a","eq":1,"x":2}', 'filter', shape],
    ['{"and":[{"path":"a","eq":1}],"or":[{"path":"a","eq":1}]}', 'filter', shape],
    ['{"or":[{"path":"a","eq":1}],"not":{"path":"a","eq":1}}', 'filter', shape],
    ['{"not":{"path":"a","eq":1},"x":1}', 'filter', shape],
    ['{"path":"a","and":[{"path":"a","eq":1}]}', 'filter', 'has an unknown operator "and".'],
    ['{"path":"a","matches":"x"}', 'filter', 'has an unknown operator "matches".'],
    ['{"path":"a","__proto__":1}', 'filter', 'has an unknown operator "__proto__".'],
    ['{"path":"a","constructor":1}', 'filter', 'has an unknown operator "constructor".'],
    [
      `{"path":"a","${'x'.repeat(40)}":1}`,
      'filter',
      `has an unknown operator "${'x'.repeat(32)}".`,
    ],
    ['{"path":7,"eq":1}', 'filter.path', path],
    ['{"path":null,"eq":1}', 'filter.path', path],
    ['{"path":["a"],"eq":1}', 'filter.path', path],
    ['{"path":"","eq":1}', 'filter.path', segments],
    ['{"path":"a..b","eq":1}', 'filter.path', segments],
    ['{"path":".a","eq":1}', 'filter.path', segments],
    ['{"path":"a.","eq":1}', 'filter.path', segments],
    ['{"path":"a","eq":{}}', 'filter.eq', scalar],
    ['{"path":"a","eq":[1]}', 'filter.eq', scalar],
    ['{"path":"a","ne":{}}', 'filter.ne', scalar],
    ['{"path":"a","gt":null}', 'filter.gt', bound],
    ['{"path":"a","gte":true}', 'filter.gte', bound],
    ['{"path":"a","lt":{}}', 'filter.lt', bound],
    ['{"path":"a","lte":[]}', 'filter.lte', bound],
    ['{"path":"a","in":"x"}', 'filter.in', values],
    ['{"path":"a","in":[]}', 'filter.in', values],
    ['{"path":"a","in":[1,{}]}', 'filter.in[1]', scalar],
    ['{"path":"a","exists":1}', 'filter.exists', 'must be true or false.'],
    ['{"path":"a","exists":"true"}', 'filter.exists', 'must be true or false.'],
    ['{"path":"a","prefix":7}', 'filter.prefix', text],
    ['{"path":"a","prefix":null}', 'filter.prefix', text],
    ['{"and":[]}', 'filter.and', parts],
    ['{"and":{}}', 'filter.and', parts],
    ['{"or":[]}', 'filter.or', parts],
    ['{"or":null}', 'filter.or', parts],
    ['{"not":[]}', 'filter.not', 'must be an object.'],
    ['{"not":{"path":"a","x":1}}', 'filter.not', 'has an unknown operator "x".'],
    [
      '{"and":[{"path":"a","eq":1},{"or":[{"not":{"path":"","eq":1}}]}]}',
      'filter.and[1].or[0].not.path',
      segments,
    ],
  ])('%s', (json, at, problem) => {
    const error = refused(JSON.parse(json))
    expect(error.message).toBe(`\`${at}\` ${problem}`)
    expect(error.code).toBe('invalid_filter')
    expect(error.details).toEqual({ path: at })
  })

  it('numbers that JSON does not have, undefined, and holes', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, undefined, 1n, () => 1]) {
      expect(refused({ path: 'a', eq: bad }).message).toBe(`\`filter.eq\` ${scalar}`)
      expect(refused({ path: 'a', gt: bad }).message).toBe(`\`filter.gt\` ${bound}`)
    }
    expect(refused(undefined).message).toBe('`filter` must be an object.')
    expect(refused({ and: new Array(1) }).message).toBe('`filter.and[0]` must be an object.')
    expect(refused({ path: 'a', in: new Array(1) }).message).toBe(`\`filter.in[0]\` ${scalar}`)
  })
})

describe('the bounds of a filter', () => {
  const nested = (levels: number): Filter => (levels === 1 ? leaf : { not: nested(levels - 1) })
  const wide = (count: number): Filter => ({ or: Array.from({ length: count }, () => leaf) })
  const condition = (length: number) => ({ path: 'a', eq: 'x'.repeat(length) })

  it('16 levels', () => {
    expect(checkFilter(nested(16))).toEqual(nested(16))
    const at = `filter${'.not'.repeat(16)}`
    expect(refused(nested(17)).message).toBe(`\`${at}\` is nested more than 16 levels deep.`)
    expect(checkFilter({ and: [nested(15)] })).toEqual({ and: [nested(15)] })
    expect(refused({ or: [nested(16)] }).message).toContain('is nested more than 16 levels deep.')
  })

  it('256 nodes', () => {
    expect(checkFilter(wide(255))).toEqual(wide(255))
    expect(refused(wide(256)).message).toBe('`filter.or[255]` is one of more than 256 nodes.')
  })

  it('a filter that contains itself', () => {
    const loop: { and: unknown[] } = { and: [] }
    loop.and.push(loop, loop)
    expect(refused(loop).message).toContain('is nested more than 16 levels deep.')
  })

  it('32 segments and 256 characters in a path', () => {
    const long = { path: Array.from({ length: 32 }, () => 'a').join('.'), eq: 1 }
    expect(checkFilter(long)).toEqual(long)
    expect(refused({ path: `${long.path}.a`, eq: 1 }).message).toBe(`\`filter.path\` ${segments}`)
    expect(checkFilter({ path: 'x'.repeat(256), eq: 1 })).toBeDefined()
    expect(refused({ path: 'x'.repeat(257), eq: 1 }).message).toBe(`\`filter.path\` ${path}`)
  })

  it('1,024 characters in a text', () => {
    for (const operator of ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'prefix']) {
      expect(checkFilter({ path: 'a', [operator]: 'x'.repeat(1_024) })).toBeDefined()
      const error = refused({ path: 'a', [operator]: 'x'.repeat(1_025) })
      expect(error.message).toBe(`\`filter.${operator}\` ${text}`)
    }
  })

  it('100 values in an `in`', () => {
    const many = (count: number) => ({
      path: 'a',
      in: Array.from({ length: count }, (_, index) => index),
    })
    expect(checkFilter(many(100))).toEqual(many(100))
    expect(refused(many(101)).message).toBe(`\`filter.in\` ${values}`)
  })

  it('16,384 characters in all, paths and texts together', () => {
    // 15 × (1,024 + 1), then the rest of the 16,384.
    const full = Array.from({ length: 15 }, () => condition(1_024))
    expect(checkFilter({ and: [...full, condition(1_008)] })).toBeDefined()
    expect(refused({ and: [...full, condition(1_009)] }).message).toBe(
      '`filter.and[15].eq` makes the filter longer than 16384 characters.',
    )
    expect(refused({ and: [...full, condition(1_008), leaf] }).message).toBe(
      '`filter.and[16].path` makes the filter longer than 16384 characters.',
    )
    expect(
      refused({ path: 'a', in: Array.from({ length: 17 }, () => 'x'.repeat(1_000)) }).message,
    ).toBe('`filter.in[16]` makes the filter longer than 16384 characters.')
  })
})

function refused(value: unknown): WebhookError {
  try {
    checkFilter(value)
  } catch (error) {
    if (WebhookError.is(error)) return error
    throw error
  }
  throw new TypeError('nothing was thrown')
}
