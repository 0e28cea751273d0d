import { describe, expect, it } from 'vitest'
import {
  Bytes,
  cellsOf,
  composite,
  expressionOf,
  fromColumns,
  fromEscaped,
  plain,
  rows,
} from './columns'

const bytes = (text: string) => new TextEncoder().encode(text)

describe('columns', () => {
  it('writes rows as an array of two dimensions: texts quoted, NULL for what is absent', () => {
    const cells = [
      ['a', undefined, 1],
      ['b "c" \\d', '{},', true],
    ]
    expect(rows(cells).text).toBe('{{"a",NULL,1},{"b \\"c\\" \\\\d","{},",true}}')
    expect(rows([]).text).toBe('{}')
  })

  it('writes cells one after the other, those that are absent empty', () => {
    const cells = [
      ['a', undefined, 1],
      ['b "c"', '{},', true],
    ]
    expect(cellsOf(cells).text).toBe('a\x1f\x1f1\x1fb "c"\x1f{},\x1ftrue')
    expect(cellsOf([]).text).toBe('')
  })

  it('writes a composite value', () => {
    expect(composite([1, true, Number.POSITIVE_INFINITY]).text).toBe('(1,true,Infinity)')
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
  it('is one value, and tells the place of each from 1', () => {
    const all = new Bytes()
    expect(all.add(bytes('abc'))).toEqual([1, 3, true])
    expect(all.add(undefined)).toEqual([undefined, undefined, undefined])
    expect(all.add(bytes('de'))).toEqual([4, 2, true])
    expect(all.add(bytes(''))).toEqual([6, 0, true])
    expect(all.value).toEqual({ bytes: 'ascii', text: 'abcde' })
    expect(new Bytes().value).toEqual({ bytes: 'ascii', text: '' })
  })

  it.each(['\0', 'é'])('goes in hexadecimal when %j is in it, and says which has it', (text) => {
    const all = new Bytes()
    const ascii = [bytes('\\'), bytes(text), bytes('a')].map((one) => all.add(one)[2])
    expect(ascii).toEqual([true, false, true])
    expect(all.value).toEqual({ bytes: 'hex', text: Buffer.from(`\\${text}a`).toString('hex') })
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
