import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import * as values from './values'

const bytes = new Uint8Array([1, 2, 3])
const corrupt = expect.objectContaining({ code: 'store_failed' })

describe('values of a row', () => {
  it('are numbers, also where the driver gives BigInt', () => {
    expect(values.int({ a: 5 }, 'a')).toBe(5)
    expect(values.int({ a: 1_800_000_000_000n }, 'a')).toBe(1_800_000_000_000)
    expect(values.optionalInt({ a: null }, 'a')).toBeUndefined()
    expect(values.optionalInt({}, 'a')).toBeUndefined()
    expect(() => values.int({ a: 'x' }, 'a')).toThrow(corrupt)
  })

  it.each([
    ['Buffer', Buffer.from(bytes)],
    ['Uint8Array', bytes],
    ['a part of a buffer', new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 4)],
    ['ArrayBuffer', bytes.slice().buffer],
    ['ArrayBuffer of another realm', runInNewContext('new Uint8Array([1, 2, 3]).buffer')],
  ])('are plain bytes from a driver that gives %s', (_, given) => {
    const read = values.blob({ a: given }, 'a')
    expect(read).toEqual(bytes)
    expect(read.constructor).toBe(Uint8Array)
  })

  it('are text, or one of some texts', () => {
    expect(values.text({ a: 'x' }, 'a')).toBe('x')
    expect(values.optionalText({ a: null }, 'a')).toBeUndefined()
    expect(values.oneOf({ a: 'x' }, 'a', ['x', 'y'])).toBe('x')
    expect(values.optionalOneOf({ a: null }, 'a', ['x'])).toBeUndefined()
    expect(() => values.oneOf({ a: 'z' }, 'a', ['x', 'y'])).toThrow(corrupt)
    expect(() => values.text({ a: 1 }, 'a')).toThrow(corrupt)
    expect(() => values.blob({ a: 'x' }, 'a')).toThrow(corrupt)
  })

  it('are strings by name, whatever the names', () => {
    expect(values.strings({ a: '{}' }, 'a')).toEqual({})
    const odd = values.strings({ a: '{"__proto__":"x","b":"y"}' }, 'a')
    expect(Object.entries(odd)).toEqual([
      ['__proto__', 'x'],
      ['b', 'y'],
    ])
  })
})
