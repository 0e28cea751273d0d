import { describe, expect, it } from 'vitest'
import { WebhookError } from './errors'
import { encodeJson } from './json'
import { below, failureOf, pick, seededRandom } from './test-support'

describe('encodeJson', () => {
  it.each([
    null,
    true,
    0,
    -1.5,
    '',
    'text \u2028 \ud800 é',
    [],
    {},
    [1, [2, { a: [null] }]],
    { a: undefined, b: 1 },
    { date: new Date(0) },
    { toJSON: () => ({ seen: true }) },
    { nested: { toJSON: (key: string) => `was at ${key}` } },
    [{ toJSON: (key: string) => key }],
    { left: { toJSON: () => undefined }, b: 1 },
    { 'a b': 1, '0': 2 },
    Buffer.from('hi'),
    Object.create(null),
    new (class Point {
      x = 1
      y = 2
    })(),
    Object(5),
  ])('encodes %o as JSON.stringify does', (value) => {
    expect(encodeJson(value)).toBe(JSON.stringify(value))
  })

  it('keeps an own key named __proto__', () => {
    const value: unknown = JSON.parse('{"__proto__":{"a":1},"constructor":2}')
    expect(encodeJson(value)).toBe('{"__proto__":{"a":1},"constructor":2}')
  })

  it('encodes the same object twice, which is no cycle', () => {
    const shared = { a: 1 }
    expect(encodeJson([shared, { shared }])).toBe('[{"a":1},{"shared":{"a":1}}]')
  })

  const cycle: Record<string, unknown> = { name: 'x' }
  cycle.list = [{ back: cycle }]
  const sparse: unknown[] = [1]
  sparse[2] = 3

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'data'],
    ['a BigInt', 1n, 'data'],
    ['a BigInt within', { steps: [{ n: 1 }, { n: 1n }] }, 'data.steps[1].n'],
    ['a function', { run: () => 1 }, 'data.run'],
    ['a symbol', { tag: Symbol('x') }, 'data.tag'],
    ['NaN', { 'a b': Number.NaN }, 'data["a b"]'],
    ['infinity', [Number.POSITIVE_INFINITY], 'data[0]'],
    ['undefined in an array', [1, undefined], 'data[1]'],
    ['a hole in an array', sparse, 'data[1]'],
    ['a cycle', cycle, 'data.list[0].back'],
    ['a Map', { map: new Map([[1, 2]]) }, 'data.map'],
    ['a Set', new Set(), 'data'],
    ['a WeakMap', { x: new WeakMap() }, 'data.x'],
    ['a promise', { x: Promise.resolve() }, 'data.x'],
    ['an error', { x: new TypeError('no') }, 'data.x'],
    ['a regular expression', { x: /a/ }, 'data.x'],
    ['a typed array', { x: new Uint8Array(2) }, 'data.x'],
    ['a DataView', { x: new DataView(new ArrayBuffer(1)) }, 'data.x'],
    ['an ArrayBuffer', { x: new ArrayBuffer(2) }, 'data.x'],
    ['a boxed BigInt', { x: Object(1n) }, 'data.x'],
    ['an invalid date', { x: new Date('never') }, 'data.x'],
    ['what toJSON gives', { x: { toJSON: () => 1n } }, 'data.x'],
    [
      'what is within what toJSON gives',
      { x: { toJSON: () => ({ y: [Number.NaN] }) } },
      'data.x.y[0]',
    ],
    ['a toJSON of nothing in an array', [{ toJSON: () => undefined }], 'data[0]'],
  ])('refuses %s', async (_, value, path) => {
    const error = await failureOf(() => encodeJson(value, 'data'))
    expect(error).toMatchObject({ code: 'not_serializable', details: { path } })
    expect(String(error)).toContain(path)
  })

  it('names a path without a root', async () => {
    expect(await failureOf(() => encodeJson({ a: { b: 1n } }))).toMatchObject({
      message: 'a.b is a BigInt. Send only what JSON can carry.',
      details: { path: 'a.b' },
    })
    expect(await failureOf(() => encodeJson(undefined))).toMatchObject({
      message: 'The value is undefined. Send only what JSON can carry.',
    })
  })

  function nested(depth: number): unknown {
    let value: unknown = 1
    for (let level = 0; level < depth; level += 1) value = [value]
    return value
  }

  it('takes a depth of 500, not of 501', async () => {
    expect(encodeJson(nested(500))).toHaveLength(1_001)
    const error = await failureOf(() => encodeJson(nested(501)))
    expect(error).toMatchObject({
      code: 'not_serializable',
      message: expect.stringContaining('500'),
    })
    expect(await failureOf(() => encodeJson(nested(100_000)))).toMatchObject({
      code: 'not_serializable',
    })
  })

  it('turns what a getter throws into its own error, with the cause', async () => {
    const cause = new TypeError('lazy')
    const value = {
      get a() {
        throw cause
      },
    }
    expect(await failureOf(() => encodeJson(value, 'data'))).toMatchObject({
      code: 'not_serializable',
      cause,
      details: { path: 'data' },
    })
  })

  it('is not deceived by a value that changes', async () => {
    let asked = 0
    const fickle = { toJSON: () => (++asked % 2 === 1 ? 'fine' : undefined) }
    expect(await failureOf(() => encodeJson(fickle))).toBeInstanceOf(WebhookError)
  })

  it('gives back, for random values, what went in', () => {
    const random = seededRandom(11)
    const make = (depth: number): unknown => {
      const many = <T>(one: () => T) => Array.from({ length: below(random, 4) }, one)
      const leaf = () => pick<unknown>(random, [null, true, 1.5, -3, 'é"\\', '', 1e21])
      if (depth === 0) return leaf()
      return pick(random, [
        leaf,
        () => many(() => make(depth - 1)),
        () => Object.fromEntries(many(() => [`k${below(random, 9)}`, make(depth - 1)])),
      ])()
    }
    for (let run = 0; run < 1_000; run += 1) {
      const value = make(4)
      expect(JSON.parse(encodeJson(value))).toEqual(value)
    }
  })
})
