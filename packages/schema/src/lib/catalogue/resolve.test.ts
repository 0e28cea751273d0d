import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { resolveDefinitions } from './resolve'

const schema = z.object({ a: z.string() })
const upcast = (data: unknown) => data

describe('definitions that are refused', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'an object of event types'],
    ['null', null, 'an object of event types'],
    ['an array', [schema], 'an object of event types'],
    ['a schema', schema, 'an object of event types'],
    ['an own prototype', Object.create({ a: schema }), 'an object of event types'],
    ['a literal __proto__', { __proto__: schema }, 'an object of event types'],
    ['a computed __proto__', { ['__proto__']: schema }, 'cannot name an event type'],
    ['an empty type', { '': schema }, 'cannot name an event type'],
    ['a pattern for a type', { 'run.*': schema }, 'cannot name an event type'],
    ['a long type', { ['x'.repeat(129)]: schema }, 'cannot name an event type'],
    ['no definition', { a: undefined }, 'a needs a Standard Schema'],
    ['a function', { a: () => 1 }, 'a needs a Standard Schema'],
    ['a class for a definition', { a: new Date() }, 'a needs a Standard Schema'],
    [
      'another version of the standard',
      { a: { '~standard': { version: 2, validate() {} } } },
      'unknown field "~standard"',
    ],
    ['an empty definition', { a: {} }, 'a needs either schema or versions'],
    ['a misspelt field', { a: { schema, exmple: 1 } }, 'unknown field "exmple"'],
    [
      'both schema and versions',
      { a: { schema, versions: { 1: schema } } },
      'either schema or versions',
    ],
    [
      'a schema that is none',
      { a: { schema: { type: 'object' } } },
      'schema must be a Standard Schema',
    ],
    [
      'a version that is none',
      { a: { versions: { 1: {} } } },
      'version 1 must be a Standard Schema',
    ],
    ['no versions', { a: { versions: {} } }, 'at least one schema'],
    ['versions in an array', { a: { versions: [schema] } }, 'versions must be an object'],
    ['a version 0', { a: { versions: { 0: schema } } }, '"0" is not in it'],
    ['a negative version', { a: { versions: { '-1': schema } } }, '"-1" is not in it'],
    ['a version by name', { a: { versions: { v1: schema } } }, '"v1" is not in it'],
    ['a fractional version', { a: { versions: { 1.5: schema } } }, '"1.5" is not in it'],
    ['a version with a leading zero', { a: { versions: { '01': schema } } }, '"01" is not in it'],
    ['an endless version', { a: { versions: { 1234567890: schema } } }, 'is not in it'],
    [
      'a gap',
      { a: { versions: { 1: schema, 3: schema }, upcast: { 1: upcast } } },
      '"3" is not in it',
    ],
    [
      'a missing upcast',
      { a: { versions: { 1: schema, 2: schema } } },
      'upcast 1 must be a function',
    ],
    [
      'a second missing upcast',
      { a: { versions: { 1: schema, 2: schema, 3: schema }, upcast: { 1: upcast } } },
      'upcast 2 must be a function from version 2 to version 3',
    ],
    [
      'an upcast that is no function',
      { a: { versions: { 1: schema, 2: schema }, upcast: { 1: {} } } },
      'upcast 1 must be a function',
    ],
    [
      'an upcast of an array',
      { a: { versions: { 1: schema, 2: schema }, upcast: [upcast] } },
      'upcast must be an object',
    ],
    [
      'an upcast from the latest',
      { a: { versions: { 1: schema, 2: schema }, upcast: { 1: upcast, 2: upcast } } },
      'upcast "2" has no version',
    ],
    [
      'an upcast of a lone version',
      { a: { schema, upcast: { 1: upcast } } },
      'upcast "1" has no version',
    ],
    [
      'a description that is no text',
      { a: { schema, description: 5 } },
      'description must be a string',
    ],
  ])('%s', (_, definitions, problem) => {
    expect(() => resolveDefinitions(definitions)).toThrow(TypeError)
    expect(() => resolveDefinitions(definitions)).toThrow(problem)
  })
})

describe('definitions that are taken', () => {
  it('an empty catalogue', () => {
    expect(resolveDefinitions({}).size).toBe(0)
  })

  it('an object without a prototype', () => {
    expect([
      ...resolveDefinitions(Object.assign(Object.create(null), { a: schema })).keys(),
    ]).toEqual(['a'])
  })

  it('types named like members of every object', () => {
    expect([...resolveDefinitions({ constructor: schema, toString: schema }).keys()]).toEqual([
      'constructor',
      'toString',
    ])
  })

  it('a run that does not begin at 1', () => {
    const resolved = resolveDefinitions({
      a: { versions: { 9: schema, 10: schema, 11: schema }, upcast: { 9: upcast, 10: upcast } },
    })
    expect(resolved.get('a')).toMatchObject({ latest: 11 })
    expect([...(resolved.get('a')?.upcasts.keys() ?? [])]).toEqual([9, 10])
  })

  it('are frozen', () => {
    const resolved = resolveDefinitions({ a: schema, b: { schema } })
    for (const definition of resolved.values()) expect(Object.isFrozen(definition)).toBe(true)
  })
})
