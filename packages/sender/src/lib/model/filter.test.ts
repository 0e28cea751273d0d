import { describe, expect, it } from 'vitest'
import { compileFilter, type Filter, type FilterCondition, type FilterValue } from './filter'

const data = JSON.parse(`{
  "status": "failed", "count": 3, "zero": 0, "ratio": 0.5, "ok": true, "off": false, "none": null, "empty": "",
  "run": { "id": "run_1", "steps": [{ "name": "fetch" }, { "name": "store" }], "tags": ["a", "b"] },
  "a.b": 1, "constructor": "own"
}`)

const holds = (filter: Filter, subject: unknown = data) => compileFilter(filter)(subject)

describe('paths', () => {
  it.each([
    ['status', 'failed'],
    ['run.id', 'run_1'],
    ['run.steps.1.name', 'store'],
    ['run.tags.0', 'a'],
    ['constructor', 'own'],
  ])('%s finds %j', (path, eq) => {
    expect(holds({ path, eq })).toBe(true)
  })

  it.each([
    ...[
      'missing',
      'status.length',
      'status.0',
      'none.x',
      'count.toFixed',
      'run.missing.x',
      'run.tags.2',
    ],
    ...[
      'run.tags.length',
      'run.tags.-1',
      'run.tags.00',
      'run.tags.map',
      'a.b',
      'toString',
      'hasOwnProperty',
    ],
    ...['__proto__', 'run.__proto__', '__proto__.toString', 'run.constructor', 'constructor.name'],
  ])('%s finds nothing', (path) => {
    expect(holds({ path, exists: false })).toBe(true)
  })

  it('finds nothing under __proto__, even where the data has it as a name', () => {
    const hostile = JSON.parse('{"__proto__":{"admin":true},"a":{"__proto__":1}}')
    expect(holds({ path: '__proto__.admin', exists: true }, hostile)).toBe(false)
    expect(holds({ path: 'a.__proto__', exists: true }, hostile)).toBe(false)
    expect(holds({ path: 'admin', exists: true }, hostile)).toBe(false)
  })

  it('finds nothing in data that is no object', () => {
    for (const subject of [undefined, null, 7, 'text', true]) {
      expect(holds({ path: 'a', exists: true }, subject)).toBe(false)
    }
    expect(holds({ path: '0', eq: 'x' }, ['x'])).toBe(true)
  })
})

describe('eq and ne', () => {
  const cases: [string, FilterValue, boolean][] = [
    ['status', 'failed', true],
    ['status', 'Failed', false],
    ['count', 3, true],
    ['count', '3', false],
    ['ok', true, true],
    ['ok', 'true', false],
    ['ok', 1, false],
    ['off', false, true],
    ['off', 0, false],
    ['zero', 0, true],
    ['zero', -0, true],
    ['zero', false, false],
    ['none', null, true],
    ['none', 0, false],
    ['missing', null, false],
    ['empty', '', true],
    ['empty', null, false],
    ['run', 'run', false],
    ['run.tags', 'a,b', false],
  ]
  it.each(cases)('%s eq %j: %s', (path, value, expected) => {
    expect(holds({ path, eq: value })).toBe(expected)
    expect(holds({ path, ne: value })).toBe(!expected)
    expect(holds({ path, in: ['other', value] })).toBe(expected)
    expect(holds({ path, in: [value, 'other'] })).toBe(expected)
  })
})

describe('comparison', () => {
  const cases: [path: string, bound: number | string, holding: string][] = [
    ['count', 2, 'gt gte'],
    ['count', 3, 'gte lte'],
    ['count', 4, 'lt lte'],
    ['count', '2', ''],
    ['count', '4', ''],
    ['ratio', -1, 'gt gte'],
    ['status', 'e', 'gt gte'],
    ['status', 'failed', 'gte lte'],
    ['status', 'g', 'lt lte'],
    ['status', 'G', 'gt gte'],
    ['status', 0, ''],
    ['empty', 'a', 'lt lte'],
    ['empty', 1, ''],
    ['none', 1, ''],
    ['none', -1, ''],
    ['ok', 0, ''],
    ['missing', 0, ''],
    ['missing', 'a', ''],
    ['run.tags', 'a', ''],
  ]
  it.each(cases)('%s with %j: %s', (path, bound, holding) => {
    const filters = {
      gt: { path, gt: bound },
      gte: { path, gte: bound },
      lt: { path, lt: bound },
      lte: { path, lte: bound },
    }
    const found = Object.entries(filters).filter(([, filter]) => holds(filter))
    expect(found.map(([operator]) => operator).join(' ')).toBe(holding)
  })
})

describe('exists', () => {
  it.each(['status', 'zero', 'off', 'none', 'empty', 'run', 'run.tags'])('holds for %s', (path) => {
    expect(holds({ path, exists: true })).toBe(true)
    expect(holds({ path, exists: false })).toBe(false)
  })

  it('does not hold for what is missing', () => {
    expect(holds({ path: 'missing', exists: true })).toBe(false)
    expect(holds({ path: 'missing', exists: false })).toBe(true)
  })
})

describe('prefix', () => {
  it.each([
    ['status', 'fail', true],
    ['status', '', true],
    ['status', 'failed', true],
    ['status', 'failed!', false],
    ['status', 'ailed', false],
    ['count', '3', false],
    ['count', '', false],
    ['missing', '', false],
    ['run.tags', 'a', false],
  ])('%s begins with %j: %s', (path, prefix, expected) => {
    expect(holds({ path, prefix })).toBe(expected)
  })
})

describe('and, or, not', () => {
  const yes: Filter = { path: 'ok', eq: true }
  const no: Filter = { path: 'ok', eq: false }
  it('combine', () => {
    expect(holds({ and: [yes, yes] })).toBe(true)
    expect(holds({ and: [yes, no] })).toBe(false)
    expect(holds({ and: [no, yes] })).toBe(false)
    expect(holds({ or: [no, yes] })).toBe(true)
    expect(holds({ or: [yes, no] })).toBe(true)
    expect(holds({ or: [no, no] })).toBe(false)
    expect(holds({ not: no })).toBe(true)
    expect(holds({ not: yes })).toBe(false)
    expect(holds({ not: { and: [yes, { or: [no, { not: yes }] }] } })).toBe(true)
  })
})

it('refuses what checkFilter refuses', () => {
  expect(() => compileFilter(JSON.parse('{"path":"a","matches":".*"}'))).toThrow(
    '`filter` has an unknown operator "matches".',
  )
})

it('reads the filter once: a later change of it changes nothing', () => {
  const filter = { path: 'ok', eq: true }
  const predicate = compileFilter(filter)
  filter.eq = false
  expect(predicate(data)).toBe(true)
})

describe('against a naive model', () => {
  it('agrees on 20,000 random filters and data', () => {
    const random = generator(20_261_121)
    const counts = { true: 0, false: 0 }
    for (let round = 0; round < 20_000; round += 1) {
      const filter = randomFilter(random, 3)
      const subject = randomData(random, 3)
      const expected = naive(filter, subject)
      expect([filter, subject, holds(filter, subject)]).toEqual([filter, subject, expected])
      counts[`${expected}`] += 1
    }
    expect(Math.min(counts.true, counts.false)).toBeGreaterThan(4_000)
  })
})

type Random = (below: number) => number

/** mulberry32. */
function generator(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const names = ['a', 'b', '0', '1', 'length', '__proto__', 'constructor']
const scalars: readonly FilterValue[] = ['', 'a', 'ab', 'b', '1', 0, 1, 2, -1, true, false, null]
const bounds = ['', 'a', 'ab', 'b', '1', 0, 1, 2, -1]

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[random(items.length)]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}

function randomData(random: Random, depth: number): unknown {
  const kind = depth === 0 ? 0 : random(4)
  if (kind === 0) return pick(random, scalars)
  if (kind === 1) return Array.from({ length: random(3) }, () => randomData(random, depth - 1))
  const members = Array.from({ length: random(4) }, () => [
    pick(random, names),
    randomData(random, depth - 1),
  ])
  return JSON.parse(JSON.stringify(Object.fromEntries(members)))
}

function randomFilter(random: Random, depth: number): Filter {
  const kind = depth === 0 ? 3 : random(6)
  const parts = () => Array.from({ length: 1 + random(3) }, () => randomFilter(random, depth - 1))
  if (kind === 0) return { and: parts() }
  if (kind === 1) return { or: parts() }
  if (kind === 2) return { not: randomFilter(random, depth - 1) }
  return randomCondition(random)
}

function randomCondition(random: Random): FilterCondition {
  const path = Array.from({ length: 1 + random(2) }, () => pick(random, names)).join('.')
  const bound = pick(random, bounds)
  return pick<FilterCondition>(random, [
    { path, eq: pick(random, scalars) },
    { path, ne: pick(random, scalars) },
    { path, gt: bound },
    { path, gte: bound },
    { path, lt: bound },
    { path, lte: bound },
    { path, in: [pick(random, scalars), pick(random, scalars)] },
    { path, exists: random(2) === 0 },
    { path, prefix: pick(random, ['', 'a', 'b']) },
  ])
}

/** The same by another way: everything a value offers, then one operator after another. */
function naive(filter: Filter, subject: unknown): boolean {
  if ('and' in filter) return !filter.and.some((part) => !naive(part, subject))
  if ('or' in filter) return !filter.or.every((part) => !naive(part, subject))
  if ('not' in filter) return naive(filter.not, subject) === false
  const found = filter.path.split('.').reduce<readonly unknown[]>(
    (values, name) =>
      values.flatMap((value) =>
        membersOf(value)
          .filter(([key]) => key === name)
          .map(([, member]) => member),
      ),
    [subject],
  )
  return found.length === 0 ? naiveMissing(filter) : naiveCondition(filter, found[0])
}

function membersOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).filter(([key]) => key !== '__proto__')
}

function naiveMissing(condition: FilterCondition): boolean {
  return 'ne' in condition || ('exists' in condition && !condition.exists)
}

function naiveCondition(condition: FilterCondition, found: unknown): boolean {
  const same = (value: unknown) => JSON.stringify(value) === JSON.stringify(found)
  if ('exists' in condition) return condition.exists
  if ('eq' in condition) return same(condition.eq)
  if ('ne' in condition) return !same(condition.ne)
  if ('in' in condition) return condition.in.some(same)
  if ('prefix' in condition)
    return typeof found === 'string' && found.slice(0, condition.prefix.length) === condition.prefix
  const [operator, bound] = Object.entries(condition).find(([key]) => key !== 'path') ?? []
  const order = compare(found, bound)
  if (order === undefined) return false
  return operator === 'gt'
    ? order > 0
    : operator === 'gte'
      ? order >= 0
      : operator === 'lt'
        ? order < 0
        : order <= 0
}

function compare(found: unknown, bound: unknown): number | undefined {
  if (typeof found === 'number' && typeof bound === 'number') return found - bound
  if (typeof found !== 'string' || typeof bound !== 'string') return undefined
  if (found === bound) return 0
  return [found, bound].sort()[0] === found ? -1 : 1
}
