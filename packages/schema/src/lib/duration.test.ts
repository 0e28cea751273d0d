import { describe, expect, it } from 'vitest'
import { type Duration, parseDuration } from './duration'

describe('parseDuration', () => {
  it.each<[Duration, number]>([
    ['0s', 0],
    ['0.0ms', 0],
    ['1ms', 1],
    ['500ms', 500],
    ['0.5s', 500],
    ['1.1s', 1_100],
    ['15s', 15_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['5d', 432_000_000],
    ['365d', 31_536_000_000],
    ['8760h', 31_536_000_000],
    ['0.6ms', 1],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each([
    '',
    's',
    '5',
    '5 s',
    ' 5s',
    '5s ',
    '5s\n',
    '-5s',
    '+5s',
    '5S',
    '5sec',
    '5w',
    '.5s',
    '5.s',
    '1e3s',
    'NaNs',
    'Infinityd',
    '5constructor',
    '9999999999999s',
    '1.0000000s',
  ])('%j is no duration', (text) => {
    const call = () => Reflect.apply(parseDuration, undefined, [text, 'timeout'])
    expect(call).toThrow(TypeError)
    expect(call).toThrow(/^timeout must be a duration such as/)
    expect(call).toThrow(JSON.stringify(text))
  })

  it.each([5, Number.NaN, undefined, null, {}, ['5s'], 5n])('%o is no duration', (value) => {
    expect(() => Reflect.apply(parseDuration, undefined, [value])).toThrow(TypeError)
  })

  it('says that a bare number is one', () => {
    expect(() => Reflect.apply(parseDuration, undefined, [5000, 'lease'])).toThrow(
      "lease must be a duration such as '500ms', '15s', '5m', '24h' or '5d', not the bare number 5000",
    )
  })

  it.each<Duration>(['366d', '365.001d', '8761h', '99999999999d'])('%s is too long', (text) => {
    expect(() => parseDuration(text, 'maxAge')).toThrow(
      `maxAge must be at most 365d, not "${text}"`,
    )
  })

  it('does not round a time away', () => {
    expect(() => parseDuration('0.4ms')).toThrow('duration must be 0ms or at least 1ms')
  })
})
