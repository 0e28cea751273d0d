import { describe, expect, it } from 'vitest'
import { comparable } from './version'

describe('versions as text keep their order:', () => {
  it.each([
    [
      'integers',
      [
        -(10n ** 30n),
        -1_000,
        '-999',
        -10,
        -9,
        -1,
        0,
        1,
        '2',
        9,
        10,
        '99',
        100n,
        2 ** 53 - 1,
        10n ** 30n,
      ],
    ],
    [
      'times, whatever their zone and precision',
      [
        '1969-12-31T23:59:59Z',
        '1970-01-01T00:00:00Z',
        '2026-01-01T00:00:00.049Z',
        '2026-01-01T00:00:00.05Z',
        '2026-01-01T01:00:00.1+01:00',
        '2026-01-01T00:00:00.123456789Z',
        '2025-12-31T19:00:01-05:00',
        '2026-01-01T00:00:01.000001Z',
      ],
    ],
    ['other text', ['!', '2026-01-01', '2026-01-02', 'A', 'B', 'a', 'ab', 'b', '~']],
  ])('%s', (_what, ascending) => {
    const texts = ascending.map(comparable)
    expect([...texts].reverse().sort()).toEqual(texts)
    expect(new Set(texts).size).toBe(texts.length)
  })

  it.each([
    [7, '7'],
    [7n, '007'],
    [0, '-0'],
    ['2026-01-01T00:00:00Z', '2026-01-01T01:00:00.000+01:00'],
  ])('%s and %s are the same', (one, other) => {
    expect(comparable(one)).toBe(comparable(other))
  })

  it('and are printable ASCII of at most 300 characters', () => {
    const longest = [
      10n ** 254n,
      -(10n ** 254n),
      'x'.repeat(255),
      `2026-01-01T00:00:00.${'1'.repeat(200)}Z`,
    ]
    for (const version of longest) expect(comparable(version)).toMatch(/^[\x20-\x7e]{1,300}$/)
  })

  it.each([
    [1.5],
    [Number.NaN],
    [2 ** 53],
    [10n ** 255n],
    [''],
    ['x'.repeat(256)],
    ['ä'],
    ['a\n'],
    [undefined],
    [null],
    [new Date(0)],
  ])('%s is none', (version) => {
    expect(() => comparable(version)).toThrow(TypeError)
  })
})
