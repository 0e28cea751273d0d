import { describe, expect, it } from 'vitest'
import { isEnvelope } from './guard'
import { isTimestamp } from './timestamp'

const good = { id: 'a', type: 'b', timestamp: '2026-01-31T12:00:00Z', data: null }

describe('isEnvelope', () => {
  it.each([
    good,
    { ...good, version: 1 },
    { ...good, version: undefined },
    { ...good, more: 1 },
    JSON.parse(
      '{"__proto__":{},"id":"a","type":"__proto__","timestamp":"2026-01-31T12:00:00Z","data":0}',
    ),
    Object.assign(Object.create(null), good),
  ])('takes %j', (value: unknown) => {
    expect(isEnvelope(value)).toBe(true)
  })

  it.each([
    null,
    5,
    'text',
    [],
    {},
    { ...good, id: '' },
    { ...good, id: 5 },
    { ...good, type: 'run.*' },
    { ...good, timestamp: 1_700_000_000 },
    { ...good, version: null },
    { ...good, version: '1' },
    { ...good, version: 0 },
    { ...good, version: -1 },
    { ...good, version: 1.5 },
    { ...good, version: 2 ** 53 },
    { ...good, version: Number.NaN },
    { ...good, data: undefined },
    { id: good.id, type: good.type, timestamp: good.timestamp },
    Object.create(good),
    Object.assign([], good),
  ])('refuses %j', (value: unknown) => {
    expect(isEnvelope(value)).toBe(false)
  })
})

describe('isTimestamp', () => {
  it.each([
    '2026-01-31T12:00:00Z',
    '2026-01-31T00:00:00.0Z',
    '2026-01-31T23:59:59.123456789Z',
    '2026-12-31T12:00:00+23:59',
    '2026-04-30T12:00:00-00:30',
    '2024-02-29T12:00:00Z',
    '2000-02-29T12:00:00Z',
    '0001-01-01T00:00:00Z',
    new Date(0).toISOString(),
  ])('takes %s', (text) => {
    expect(isTimestamp(text)).toBe(true)
  })

  it.each([
    '',
    'now',
    '2026-01-31',
    '2026-01-31T12:00Z',
    '2026-01-31T12:00:00',
    '2026-01-31 12:00:00Z',
    '2026-01-31t12:00:00z',
    '2026-01-31T12:00:00.Z',
    '2026-01-31T12:00:00.1234567890Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:60:00Z',
    '2026-01-31T12:00:60Z',
    '2026-01-31T12:00:00+24:00',
    '2026-01-31T12:00:00+0100',
    '2026-00-31T12:00:00Z',
    '2026-13-01T12:00:00Z',
    '2026-01-00T12:00:00Z',
    '2026-01-32T12:00:00Z',
    '2026-02-29T12:00:00Z',
    '2100-02-29T12:00:00Z',
    '2024-02-30T12:00:00Z',
    '2026-04-31T12:00:00Z',
    '2026-06-31T12:00:00Z',
    '2026-09-31T12:00:00Z',
    '2026-11-31T12:00:00Z',
    '26-01-31T12:00:00Z',
    '+002026-01-31T12:00:00Z',
    '2026-01-31T12:00:00Z\n',
    '２０２６-01-31T12:00:00Z',
  ])('refuses %j', (text) => {
    expect(isTimestamp(text)).toBe(false)
  })
})
