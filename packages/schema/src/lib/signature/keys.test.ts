import { describe, expect, it } from 'vitest'
import type { Key } from './engine'
import { remember } from './keys'

function counting(size?: number): { key: (secret: string) => Key; made: string[] } {
  const made: string[] = []
  const make = (secret: string): Key => {
    made.push(secret)
    return { label: secret, sign: undefined, matches: undefined }
  }
  return { key: remember(make, size), made }
}

describe('remember', () => {
  it('makes each key once', () => {
    const { key, made } = counting()
    expect(key('a')).toBe(key('a'))
    expect(key('b').label).toBe('b')
    expect(made).toEqual(['a', 'b'])
  })

  it('does not remember what could not be made', () => {
    const key = remember(() => {
      throw new TypeError('no')
    })
    expect(() => key('a')).toThrow('no')
    expect(() => key('a')).toThrow('no')
  })

  it('keeps a full generation and the one before it', () => {
    const { key, made } = counting(2)
    for (const secret of ['a', 'b', 'c', 'd']) key(secret)
    for (const secret of ['d', 'c', 'b']) key(secret)
    expect(made).toEqual(['a', 'b', 'c', 'd'])
  })

  it('forgets what was not used for two generations', () => {
    const { key, made } = counting(2)
    for (const secret of ['a', 'b', 'c', 'd', 'e', 'a']) key(secret)
    expect(made).toEqual(['a', 'b', 'c', 'd', 'e', 'a'])
  })

  it('keeps a key in use, however many others come by', () => {
    const { key, made } = counting(10)
    for (let index = 0; index < 1_000; index += 1) {
      key('mine')
      key(`other ${index}`)
    }
    expect(made.filter((secret) => secret === 'mine')).toHaveLength(1)
  })
})
