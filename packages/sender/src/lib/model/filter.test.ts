import { describe, expect, it } from 'vitest'
import { compileFilter, type Filter, type FilterValue } from './filter'

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
