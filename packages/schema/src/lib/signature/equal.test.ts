import { describe, expect, it } from 'vitest'
import { equalInConstantTime } from './equal'

describe('equalInConstantTime', () => {
  it.each([
    ['', '', true],
    ['a', 'a', true],
    ['abc', 'abc', true],
    ['abc', 'abd', false],
    ['abc', 'bbc', false],
    ['ab', 'abc', false],
    ['abc', 'ab', false],
    ['a', 'ａ', false],
    ['a', '\u0161', false],
    ['\u0000', '', false],
  ])('%j and %j: %s', (a, b, same) => {
    expect(equalInConstantTime(a, b)).toBe(same)
  })

  it('sees a difference at every place', () => {
    const text = 'g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    for (let index = 0; index < text.length; index += 1) {
      const other = `${text.slice(0, index)}*${text.slice(index + 1)}`
      expect(equalInConstantTime(text, other)).toBe(false)
    }
  })
})
