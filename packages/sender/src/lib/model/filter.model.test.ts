import { describe, expect, it } from 'vitest'
import { compileFilter, type Filter, type FilterCondition, type FilterValue } from './filter'

describe('against a naive model', () => {
  it('agrees on 20,000 random filters and data', () => {
    const random = generator(20_261_121)
    const counts = { true: 0, false: 0 }
    for (let round = 0; round < 20_000; round += 1) {
      const filter = randomFilter(random, 3)
      const subject = randomData(random, 3)
      const expected = naive(filter, subject)
      expect([filter, subject, compileFilter(filter)(subject)]).toEqual([filter, subject, expected])
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
