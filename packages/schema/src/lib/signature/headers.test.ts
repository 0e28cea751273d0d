import { describe, expect, it } from 'vitest'
import { bytes, failureOf } from '../test-support'
import { duplicate, headerFinder, malformed, missing, plain } from './headers'
import { schemes } from './standard'

const find = headerFinder(['a-one', 'b-two'])

/** What a caller without types may hand over. */
function findUntyped(bag: unknown): unknown {
  return Reflect.apply(find, undefined, [bag])
}

describe('headerFinder', () => {
  it('finds lower-case names, in the order asked for', () => {
    expect(find({ 'b-two': '2', host: 'x', 'a-one': '1' })).toEqual(['1', '2'])
  })

  it('finds names in any case', () => {
    expect(find({ 'A-One': '1', 'B-TWO': '2', ZZZZZ: 'x' })).toEqual(['1', '2'])
  })

  it('finds names in an object without a prototype', () => {
    expect(find(Object.assign(Object.create(null), { 'a-one': '1', 'B-two': '2' }))).toEqual([
      '1',
      '2',
    ])
  })

  it('says what is missing', () => {
    expect(find({ 'a-one': undefined })).toEqual([missing, missing])
    expect(find({ 'A-One': '1' })).toEqual(['1', missing])
    expect(find(new Headers({ 'b-two': '2' }))).toEqual([missing, '2'])
  })

  it('takes an empty value for a value', () => {
    expect(find({ 'a-one': '', 'b-two': [''] })).toEqual(['', ''])
  })

  it('does not look at the prototype', () => {
    expect(find(Object.create({ 'a-one': '1', 'B-Two': '2' }))).toEqual([missing, missing])
  })

  it('says what is doubled', () => {
    expect(find({ 'a-one': ['1', '1'], 'B-two': 'x', 'b-two': 'y' })).toEqual([
      duplicate,
      duplicate,
    ])
    expect(find({ 'A-one': ['1', '1'], 'B-two': '2' })).toEqual([duplicate, '2'])
  })

  it('says what is no text', () => {
    expect(findUntyped({ 'a-one': 1, 'b-two': [2] })).toEqual([malformed, malformed])
    expect(findUntyped({ 'a-one': null, 'b-two': [null] })).toEqual([missing, missing])
    expect(findUntyped({ 'a-one': {}, 'B-two': true })).toEqual([malformed, malformed])
  })

  it('takes a header named get for a header', () => {
    expect(find({ get: 'x', 'a-one': '1' })).toEqual(['1', missing])
  })
})

describe('plain', () => {
  it('takes a comma for a join', () => {
    expect(plain('a,b')).toBe(duplicate)
    expect(plain('a')).toBe('a')
    expect(plain(malformed)).toBe(malformed)
    expect(plain(undefined)).toBe(missing)
  })
})

const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']
const options = { now: 1_614_265_330, tolerance: { past: 300, future: 300 } }

it.each([undefined, null, 'text', 5])('%j is refused for headers', async (headers) => {
  const args = [{ headers, body: bytes('a') }, secrets, options]
  expect(
    await failureOf(() => Reflect.apply(schemes.standard.verify, undefined, args)),
  ).toMatchObject({
    code: 'invalid_argument',
    message: 'headers must be a Headers object or an object of names and values.',
  })
})

describe('a body that is not bytes', () => {
  it.each(['text', {}, [1, 2], null, undefined, new Uint16Array(2), new ArrayBuffer(2)])(
    '%o',
    async (body) => {
      const refusal = {
        code: 'body_not_raw',
        message:
          'body must be a Uint8Array of the bytes as they travel, not a string or a parsed value.',
      }
      const { sign, verify } = schemes.standard
      const message = { id: 'a', timestamp: 1_614_265_330, body }
      expect(
        await failureOf(() =>
          Reflect.apply(verify, undefined, [{ headers: {}, body }, secrets, options]),
        ),
      ).toMatchObject(refusal)
      expect(
        await failureOf(() => Reflect.apply(sign, undefined, [message, secrets])),
      ).toMatchObject(refusal)
    },
  )

  it('and bytes of every kind', async () => {
    for (const body of [bytes('a'), Buffer.from('a'), new Uint8Array(new SharedArrayBuffer(1))]) {
      const message = { id: 'a', timestamp: 1_614_265_330, body }
      const headers = await schemes.standard.sign(message, secrets)
      expect(await schemes.standard.verify({ headers, body }, secrets, options)).toMatchObject({
        ok: true,
      })
    }
  })

  it('is signed as the part of its buffer that it is', async () => {
    const whole = bytes('xxhelloxx')
    const message = { id: 'a', timestamp: 1_614_265_330, body: whole.subarray(2, 7) }
    const alone = { ...message, body: bytes('hello') }
    expect(await schemes.standard.sign(message, secrets)).toEqual(
      await schemes.standard.sign(alone, secrets),
    )
  })
})
