import { describe, expect, it } from 'vitest'
import { parseRetryAfter } from './retry-after'

const year = 365 * 86_400_000
const second = 1_000
/** Wednesday, 21 October 2026, 07:28:00 GMT. */
const now = Date.UTC(2026, 9, 21, 7, 28, 0)

const parse = (value: string | undefined, date?: string) =>
  parseRetryAfter(value, date === undefined ? { now } : { now, date })

describe('a two-digit year', () => {
  it('is at most 50 years ahead', () => {
    expect(parse('Friday, 21-Oct-76 07:28:00 GMT')).toBe(year)
    expect(parse('Friday, 21-Oct-77 07:28:00 GMT')).toBe(0)
    expect(parse('Friday, 21-Oct-99 07:28:00 GMT')).toBe(0)
    expect(parse('Friday, 21-Oct-00 07:28:00 GMT')).toBe(0)
  })

  it('is of the century that now is in', () => {
    const at2000 = Date.UTC(2000, 0, 1)
    const date = 'Sunday, 02-Jan-00 00:00:00 GMT'
    expect(parseRetryAfter(date, { now: at2000 })).toBe(86_400 * second)
    expect(parseRetryAfter('Thursday, 02-Jan-70 00:00:00 GMT', { now: Date.UTC(1970, 0, 1) })).toBe(
      86_400 * second,
    )
  })
})

describe("the response's own Date", () => {
  const inAnHour = 'Wed, 21 Oct 2026 08:28:00 GMT'

  it('is what a date is measured from', () => {
    expect(parse(inAnHour, 'Wed, 21 Oct 2026 08:27:00 GMT')).toBe(60 * second)
    expect(parse(inAnHour, ' Wed, 21 Oct 2026 06:28:00 GMT ')).toBe(7_200 * second)
    expect(parse(inAnHour, 'Wed Oct 21 08:28:00 2026')).toBe(0)
    expect(parse(inAnHour, 'Wednesday, 21-Oct-26 09:00:00 GMT')).toBe(0)
  })

  it('is not looked at when it is not valid', () => {
    for (const date of [
      '',
      'yesterday',
      '2026-10-21T08:27:00Z',
      'Wed, 32 Oct 2026 08:27:00 GMT',
      '5',
    ]) {
      expect(parse(inAnHour, date)).toBe(3_600 * second)
    }
    expect(parseRetryAfter(inAnHour, { now, date: undefined })).toBe(3_600 * second)
  })

  it('says nothing of a number of seconds', () => {
    expect(parse('120', 'Wed, 21 Oct 2026 06:28:00 GMT')).toBe(120 * second)
  })
})

it('reads long values quickly', () => {
  const hostile = [
    '\t'.repeat(616_000),
    `1${' '.repeat(616_000)}x`,
    'Wed,'.repeat(16_000),
    `Wed, ${'2'.repeat(616_000)}x`,
  ]
  const started = performance.now()
  for (const value of hostile) expect(parse(value, value)).toBeUndefined()
  expect(performance.now() - started).toBeLessThan(1_000)
})
