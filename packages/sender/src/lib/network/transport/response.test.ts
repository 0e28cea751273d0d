import { describe, expect, it } from 'vitest'
import { Response } from './response'

const text = (response: Response) => Buffer.from(response.body).toString()

describe('Response', () => {
  it('keeps the first bytes, over chunks, and counts the rest', () => {
    const response = new Response(200, {}, 5)
    expect(text(response)).toBe('')
    response.add(Buffer.from('abc'))
    expect([text(response), response.truncated]).toEqual(['abc', false])
    response.add(Buffer.from('de'))
    expect([text(response), response.truncated]).toEqual(['abcde', false])
    response.add(Buffer.from('f'))
    expect([text(response), response.truncated]).toEqual(['abcde', true])
  })

  it('copies what it keeps', () => {
    const response = new Response(200, {}, 10)
    const chunk = Buffer.from('abc')
    response.add(chunk)
    chunk.fill('x')
    expect(text(response)).toBe('abc')
  })

  it('has had enough beyond 128 KiB, or beyond what is to be kept', () => {
    const small = new Response(200, {}, 10)
    expect(small.add(Buffer.alloc(131_072))).toBe(true)
    expect(small.add(Buffer.alloc(1))).toBe(false)
    const large = new Response(200, {}, 200_000)
    expect(large.add(Buffer.alloc(200_000))).toBe(true)
    expect(large.add(Buffer.alloc(1))).toBe(false)
  })

  it.each([
    ['131072', false],
    ['131073', true],
    ['99999999999999999999', true],
    ['x', false],
    [undefined, false],
  ])('announced with %s is too long: %s', (length, tooLong) => {
    expect(
      new Response(200, length === undefined ? {} : { 'content-length': length }, 0).tooLong,
    ).toBe(tooLong)
  })

  it('joins repeated headers, and takes __proto__ for a header', () => {
    const headers = Object.fromEntries([
      ['a', ['1', '2']],
      ['__proto__', 'x'],
      ['b', '3'],
    ])
    const response = new Response(200, headers, 0)
    expect(Object.entries(response.headers)).toEqual([
      ['a', '1, 2'],
      ['__proto__', 'x'],
      ['b', '3'],
    ])
    expect(Object.getPrototypeOf(response.headers)).toBe(Object.prototype)
  })
})
