import { describe, expect, it } from 'vitest'
import { Bytes, expressionOf, fromColumns, fromEscaped, plain, texts } from './columns'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('columns', () => {
  it('writes texts as an array, quoted, with NULL for what is absent', () => {
    expect(texts(['a', undefined, 'b "c" \\d', '{},']).text).toBe(
      '{"a",NULL,"b \\"c\\" \\\\d","{},"}',
    )
  })

  it('leaves a column without a value empty', () => {
    expect(texts([undefined, undefined]).text).toBe('{}')
  })

  it('writes numbers and booleans without quotes', () => {
    expect(plain([1, undefined, 2]).text).toBe('{1,NULL,2}')
    expect(plain([true, false]).text).toBe('{true,false}')
    expect(plain([]).text).toBe('{}')
  })

  it('gives text as it is, and decodes bytes', () => {
    expect(expressionOf({ text: '{}' }, 3)).toBe('$3')
    expect(expressionOf({ bytes: 'hex', text: '00' }, 1)).toBe("decode($1::text, 'hex')")
    expect(expressionOf({ bytes: 'ascii', text: 'a' }, 1)).toBe("convert_to($1::text, 'SQL_ASCII')")
  })
})

describe('Bytes', () => {
  it('is one value, with the places of each from 1', () => {
    const one = new Bytes()
    const other = new Bytes(one)
    one.add(bytes('abc'))
    one.add(undefined)
    other.add(bytes('de'))
    one.add(bytes(''))
    expect(one.places.map(({ text }) => text)).toEqual(['{1,NULL,6}', '{3,NULL,0}'])
    expect(other.places.map(({ text }) => text)).toEqual(['{4}', '{2}'])
    expect(one.value).toEqual({ bytes: 'ascii', text: 'abcde' })
  })

  it.each(['\0', 'é'])('goes in hexadecimal when %j is in it, and says which has it', (text) => {
    const value = new Bytes()
    value.add(bytes('\\'))
    value.add(undefined)
    value.add(bytes(text))
    expect(value.value).toEqual({ bytes: 'hex', text: Buffer.from(`\\${text}`).toString('hex') })
    expect(value.ascii.text).toBe('{true,NULL,false}')
  })
})

describe('fromColumns', () => {
  it('takes the bytes from where they are, and copies them out of any pool', () => {
    expect([...(fromColumns('a\\b', undefined) ?? [])]).toEqual([...bytes('a\\b')])
    expect(fromColumns('a', undefined)?.buffer.byteLength).toBe(1)
    expect([...(fromColumns(undefined, 'a\\\\') ?? [])]).toEqual([...bytes('a\\')])
    expect(fromColumns(undefined, undefined)).toBeUndefined()
  })
})

describe('fromEscaped', () => {
  it('reads what Postgres writes', () => {
    expect([...fromEscaped('{"a":1}')]).toEqual([...bytes('{"a":1}')])
    expect([...fromEscaped('a\\\\b\\303\\251\\000')]).toEqual([...bytes('a\\bé\0')])
    expect([...fromEscaped('')]).toEqual([])
  })
})
