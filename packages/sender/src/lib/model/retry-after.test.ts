import { describe, expect, it } from 'vitest'
import { parseRetryAfter } from './retry-after'

const year = 365 * 86_400_000
const second = 1_000
/** Wednesday, 21 October 2026, 07:28:00 GMT. */
const now = Date.UTC(2026, 9, 21, 7, 28, 0)

const parse = (value: string | undefined, date?: string) =>
  parseRetryAfter(value, date === undefined ? { now } : { now, date })

describe('a number of seconds', () => {
  it.each([
    ['120', 120 * second],
    ['0', 0],
    ['00120', 120 * second],
    [' 120 ', 120 * second],
    ['\t120\t', 120 * second],
    ['\t 120', 120 * second],
    ['120 \t', 120 * second],
    ['9999999999', year],
    ['31536000', year],
    ['31535999', year - second],
    ['31536001', year],
    ['99999999999999999999', year],
    ['9'.repeat(5_000), year],
  ])('%j', (value, expected) => {
    expect(parse(value)).toBe(expected)
  })

  it.each([
    ...[
      '120.1',
      '120.6',
      '120.0',
      '-1',
      '-120',
      '+120',
      '1e3',
      '0x10',
      '120s',
      's120',
      'NaN',
      'Infinity',
    ],
    ...[
      '',
      ' ',
      '\t',
      'invalid',
      '١٢٠',
      '1 2',
      '\u00a0120',
      '120\n',
      '\n120',
      '120\v',
      '"120"',
      '1_000',
    ],
  ])('ignores %j', (value) => {
    expect(parse(value)).toBeUndefined()
  })

  it('is none where there is no header', () => {
    expect(parse(undefined)).toBeUndefined()
  })
})

describe('several values', () => {
  it.each([
    ['120, 240', 120 * second],
    ['120,240', 120 * second],
    ['invalid, 240', 240 * second],
    ['-1, 0', 0],
    [', 240', 240 * second],
    ['120, invalid', 120 * second],
    ['invalid, Wed, 21 Oct 2026 07:29:00 GMT', 60 * second],
    ['Wed, 21 Oct 2026 07:29:00 GMT, 120', 60 * second],
    ['Wed, 21 Oct 2026 07:29:00 GMT, Wed, 21 Oct 2026 07:30:00 GMT', 60 * second],
    ['Wed, 32 Oct 2026 07:29:00 GMT, 120', 120 * second],
  ])('%j: the first valid one', (value, expected) => {
    expect(parse(value)).toBe(expected)
  })

  it.each(['invalid, none', ',', ', ,', ','.repeat(5_000)])('ignores %j', (value) => {
    expect(parse(value)).toBeUndefined()
  })
})

describe('an HTTP-date', () => {
  it.each([
    ['Wed, 21 Oct 2026 08:28:00 GMT', 3_600 * second],
    [' \tWed, 21 Oct 2026 08:28:00 GMT\t ', 3_600 * second],
    ['Wed, 21 Oct 2026 07:28:01 GMT', second],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 0],
    ['Wed, 21 Oct 2026 07:27:59 GMT', 0],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', year],
    ['Thu, 21 Oct 2027 07:28:00 GMT', year],
    ['Wednesday, 21-Oct-26 08:28:00 GMT', 3_600 * second],
    ['\t Wednesday, 21-Oct-26 08:28:00 GMT \t', 3_600 * second],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Wed Oct 21 08:28:00 2026', 3_600 * second],
    [' \tWed Oct 21 08:28:00 2026\t ', 3_600 * second],
    ['Sun Nov  6 08:49:37 1994', 0],
    ['Sun Nov  1 07:28:00 2026', 11 * 86_400 * second],
    ['Wed, 21 Oct 2026 23:59:59 GMT', 59_519 * second],
    ['Wed, 21 Oct 2026 07:28:60 GMT', 60 * second],
  ])('%j', (value, expected) => {
    expect(parse(value)).toBe(expected)
  })

  it.each([
    ['Jan', 72],
    ['Feb', 103],
    ['Mar', 131],
    ['Apr', 162],
    ['May', 192],
    ['Jun', 223],
    ['Jul', 253],
    ['Aug', 284],
    ['Sep', 315],
    ['Oct', 345],
  ])('knows %s of the next year', (month, days) => {
    expect(parse(`Fri, 01 ${month} 2027 07:28:00 GMT`)).toBe(days * 86_400 * second)
    expect(parse(`Friday, 01-${month}-27 07:28:00 GMT`)).toBe(days * 86_400 * second)
    expect(parse(`Fri ${month}  1 07:28:00 2027`)).toBe(days * 86_400 * second)
  })

  it('knows Nov and Dec', () => {
    expect(parse('Sun, 01 Nov 2026 07:28:00 GMT')).toBe(11 * 86_400 * second)
    expect(parse('Tue, 01 Dec 2026 07:28:00 GMT')).toBe(41 * 86_400 * second)
  })

  it.each([
    ['Mon', 'Monday'],
    ['Tue', 'Tuesday'],
    ['Wed', 'Wednesday'],
    ['Thu', 'Thursday'],
    ['Fri', 'Friday'],
    ['Sat', 'Saturday'],
    ['Sun', 'Sunday'],
  ])('takes %s for the name of a day, whatever the date', (short, long) => {
    expect(parse(`${short}, 21 Oct 2026 07:28:01 GMT`)).toBe(second)
    expect(parse(`${long}, 21-Oct-26 07:28:01 GMT`)).toBe(second)
    expect(parse(`${short} Oct 21 07:28:01 2026`)).toBe(second)
  })

  it.each([
    '2026-01-01T00:00:00Z',
    '2026-10-21',
    'Wed, 32 Oct 2026 07:28:00 GMT',
    'Wed, 00 Oct 2026 07:28:00 GMT',
    'Wed, 31 Nov 2026 07:28:00 GMT',
    'Mon, 29 Feb 2027 07:28:00 GMT',
    'Wed, 21 Oct 2026 24:00:00 GMT',
    'Wed, 21 Oct 2026 07:60:00 GMT',
    'Wed, 21 Oct 2026 07:28:61 GMT',
    'Wed, 21 Okt 2026 07:28:00 GMT',
    'Wed, 21 oct 2026 07:28:00 GMT',
    'wed, 21 Oct 2026 07:28:00 GMT',
    'Wed, 21 Oct 2026 07:28:00 UTC',
    'Wed, 21 Oct 2026 07:28:00 +0000',
    'Wed, 21 Oct 2026 07:28:00',
    'Wed, 21 Oct 0026 07:28:00 GMT',
    'Wed, 21 Oct 26 07:28:00 GMT',
    'Wed, 21 Oct 12026 07:28:00 GMT',
    'Wed, 1 Oct 2026 07:28:00 GMT',
    'Wed, 21 Oct 2026 7:28:00 GMT',
    'Wed, 21 Oct 2026 07:8:00 GMT',
    'Wed, 21 Oct 2026 07:28:0 GMT',
    'Wed,  21 Oct 2026 07:28:00 GMT',
    'Wed 21 Oct 2026 07:28:00 GMT',
    'x Wed, 21 Oct 2026 07:28:00 GMT',
    'Wed, 21 Oct 2026 07:28:00 GMT x',
    '21 Oct 2026 07:28:00 GMT',
    'Wednesday, 21-Oct-2026 07:28:00 GMT',
    'Wednesday, 32-Oct-26 07:28:00 GMT',
    'Wednesday, 1-Oct-26 07:28:00 GMT',
    'Wednesday, 21-Oct-6 07:28:00 GMT',
    'Wednesday, 21-Oct-26 7:28:00 GMT',
    'Wednesday, 21-Oct-26 07:8:00 GMT',
    'Wednesday, 21-Oct-26 07:28:0 GMT',
    'Wed, 21-Oct-26 07:28:00 GMT',
    'x Wednesday, 21-Oct-26 07:28:00 GMT',
    'Wednesday, 21-Oct-26 07:28:00 GMT x',
    'Wed Oct 1 07:28:00 2026',
    'Wed Oct 32 07:28:00 2026',
    'Wed Oct 21 7:28:00 2026',
    'Wed Oct 21 07:8:00 2026',
    'Wed Oct 21 07:28:0 2026',
    'Wed Oct 21 07:28:00 26',
    'Wed Oct 21 07:28:00 GMT 2026',
    'x Wed Oct 21 07:28:00 2026',
    'Wed Oct 21 07:28:00 2026 x',
    'Wed Oct x1 07:28:00 2026',
  ])('ignores %j', (value) => {
    expect(parse(value)).toBeUndefined()
  })

  it('takes the leap day of a leap year', () => {
    expect(parse('Tue, 29 Feb 2028 07:28:00 GMT')).toBe(year)
    expect(parse('Tue, 29 Feb 2000 07:28:00 GMT')).toBe(0)
  })
})
