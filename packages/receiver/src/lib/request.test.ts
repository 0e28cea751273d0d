import { describe, expect, it } from 'vitest'
import { headerLookup, headerOf } from './request'

describe('headerOf', () => {
  it('reads a Headers object', () => {
    const headers = new Headers({ 'X-One': '1' })
    headers.append('x-two', 'a')
    headers.append('x-two', 'b')
    expect(headerOf(headers, 'x-one')).toBe('1')
    expect(headerOf(headers, 'X-TWO')).toBe('a, b')
    expect(headerOf(headers, 'x-none')).toBeUndefined()
  })

  it('reads an object, in any case', () => {
    const headers = { 'x-one': '1', 'X-Two': ['a', 'b'], 'x-gone': undefined }
    expect(headerOf(headers, 'X-One')).toBe('1')
    expect(headerOf(headers, 'x-two')).toBe('a, b')
    expect(headerOf(headers, 'x-gone')).toBeUndefined()
    expect(headerOf(headers, 'x-none')).toBeUndefined()
  })

  it.each(['__proto__', 'constructor', 'toString'])('finds no %s that nobody sent', (name) => {
    expect(headerOf({}, name)).toBeUndefined()
    expect(headerLookup({}).get(name)).toBeUndefined()
  })

  it('reads a header called get', () => {
    expect(headerOf({ get: 'x' }, 'get')).toBe('x')
  })
})
