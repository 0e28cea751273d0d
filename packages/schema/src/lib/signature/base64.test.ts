import { describe, expect, it } from 'vitest'
import { below, seededRandom } from '../test-support'
import { base64Length, isBase64Of, isCanonicalBase64 } from './base64'

describe('isCanonicalBase64', () => {
  it('holds for what an encoder makes, and for nothing else that decodes', () => {
    const random = seededRandom(64)
    const alphabet = 'ABQRghwx048+/=-_ \n'
    for (let run = 0; run < 20_000; run += 1) {
      const text = Array.from(
        { length: below(random, 13) },
        () => alphabet[below(random, alphabet.length)],
      ).join('')
      const canonical = Buffer.from(text, 'base64').toString('base64') === text
      expect(isCanonicalBase64(text), JSON.stringify(text)).toBe(canonical)
    }
  })
})

describe('isBase64Of', () => {
  it.each([1, 2, 3, 31, 32, 33, 64])('%d bytes', (length) => {
    const text = Buffer.alloc(length, 255).toString('base64')
    expect(base64Length(length)).toBe(text.length)
    expect(isBase64Of(length, text)).toBe(true)
    expect(isBase64Of(length + 1, text)).toBe(false)
    expect(isBase64Of(length - 1, text)).toBe(false)
    expect(isBase64Of(length, text.replaceAll('/', '_'))).toBe(false)
  })
})
