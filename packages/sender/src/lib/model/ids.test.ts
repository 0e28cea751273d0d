import { describe, expect, it } from 'vitest'
import { newId } from './ids'

const bytes = (value: number) => (length: number) => new Uint8Array(length).fill(value)

describe('newId', () => {
  it('is a prefix, ten characters of time and sixteen of chance', () => {
    expect(newId('evt', 0, bytes(0))).toBe('evt_00000000000000000000000000')
    expect(newId('dlv', 1, bytes(255))).toBe('dlv_0000000001zzzzzzzzzzzzzzzz')
    expect(newId('ep', 31, bytes(0))).toBe('ep_000000000z0000000000000000')
    expect(newId('sec', 32, bytes(0))).toBe('sec_00000000100000000000000000')
    expect(newId('evt', 2 ** 48 - 1, bytes(0))).toBe('evt_7zzzzzzzzz0000000000000000')
  })

  it("agrees with the ULID specification's example of a time", () => {
    expect(newId('evt', 1_469_918_176_385, bytes(0)).slice(4, 14)).toBe('01aryz6s41')
  })

  it('encodes all 80 random bits, the first first', () => {
    const asked: number[] = []
    const id = newId('evt', 0, (length) => {
      asked.push(length)
      return Uint8Array.from([8, 134, 66, 152, 232, 74, 150, 198, 185, 240])
    })
    expect(asked).toEqual([10])
    expect(id.slice(14)).toBe(fiveAtATime([8, 134, 66, 152, 232, 74, 150, 198, 185, 240]))
  })

  it('has 32 characters to choose from, and neither i, l, o nor u', () => {
    const characters = Array.from({ length: 32 }, (_, n) => newId('evt', n, bytes(0)).charAt(13))
    expect(characters.join('')).toBe('0123456789abcdefghjkmnpqrstvwxyz')
  })

  it('sorts by time, whatever the chance', () => {
    const times = [
      0, 1, 31, 32, 1023, 1024, 1_469_918_176_385, 1_469_918_176_386, 4_102_444_800_000,
    ]
    const ids = times.map((time, index) => newId('evt', time, bytes(255 - index)))
    expect([...ids].sort()).toEqual(ids)
  })

  it('takes whole milliseconds of any time, and ends for impossible ones', () => {
    expect(newId('evt', 33.9, bytes(0)).slice(4, 14)).toBe('0000000011')
    expect(newId('evt', -1, bytes(0)).slice(4, 14)).toBe('0000000000')
    expect(newId('evt', Number.NaN, bytes(0))).toHaveLength(30)
  })
})

/** The same, by way of a text of bits. */
function fiveAtATime(bytes: readonly number[]): string {
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => '0123456789abcdefghjkmnpqrstvwxyz'.charAt(Number.parseInt(five, 2)))
    .join('')
}
