import { describe, expect, it } from 'vitest'
import { WebhookError } from '../errors'
import { defineEnvelope, envelopes } from './envelopes'

const event = {
  id: 'evt_1',
  type: 'run.completed',
  timestamp: '2026-01-31T12:00:00.000Z',
  version: 1,
  data: { a: 1 },
}

describe('the standard envelope', () => {
  const { standard } = envelopes

  it('leaves version 1 out and writes others', () => {
    expect(JSON.stringify(standard.encode(event))).toBe(
      '{"id":"evt_1","type":"run.completed","timestamp":"2026-01-31T12:00:00.000Z","data":{"a":1}}',
    )
    expect(standard.encode({ ...event, version: 2 })).toEqual({ ...event, version: 2 })
  })

  it('reads what it wrote', () => {
    for (const version of [1, 2, 9_007_199_254_740_991]) {
      const json: unknown = JSON.parse(JSON.stringify(standard.encode({ ...event, version })))
      expect(standard.decode(json)).toEqual({ ok: true, event: { ...event, version } })
    }
  })

  it('drops fields it does not know', () => {
    expect(standard.decode({ ...event, extra: 1 })).toEqual({ ok: true, event })
  })

  it('does not let hints override what was signed', () => {
    expect(standard.decode(event, { id: 'other', type: 'other' })).toEqual({ ok: true, event })
  })

  it('names every issue', () => {
    expect(standard.decode({ id: 'a.b', type: '', timestamp: 'now', version: 0 })).toEqual({
      ok: false,
      issues: [
        { path: 'id', message: 'must match [A-Za-z0-9_-]{1,128}' },
        {
          path: 'type',
          message: 'must be segments of [A-Za-z0-9_-] joined by ".", at most 128 characters',
        },
        { path: 'timestamp', message: 'must be an ISO 8601 time with a zone' },
        { path: 'version', message: 'must be a positive integer, or absent' },
        { path: 'data', message: 'must be present' },
      ],
    })
  })

  it.each([null, true, 5, 'text', [], [event]])('refuses %j', (json) => {
    expect(standard.decode(json)).toEqual({
      ok: false,
      issues: [{ path: '', message: 'must be a JSON object' }],
    })
  })
})

describe('the raw envelope', () => {
  const { raw } = envelopes
  const { id, type, timestamp } = event

  it('is the data alone', () => {
    expect(raw.encode(event)).toBe(event.data)
  })

  it('takes everything else from the hints', () => {
    expect(raw.decode(event.data, { id, type, timestamp })).toEqual({ ok: true, event })
    expect(raw.decode(null, { id, type, timestamp, version: 3 })).toEqual({
      ok: true,
      event: { ...event, version: 3, data: null },
    })
  })

  it('names what is missing', () => {
    expect(raw.decode({})).toMatchObject({
      ok: false,
      issues: [{ path: 'id' }, { path: 'type' }, { path: 'timestamp' }],
    })
  })
})

describe('defineEnvelope', () => {
  const own = {
    name: 'own_1-x',
    prefix: 'p',
    encode: () => 1,
    decode() {
      return { ok: false, issues: [{ path: this.prefix, message: '' }] } as const
    },
  }

  it('gives a frozen envelope that keeps its this', () => {
    const envelope = defineEnvelope(own)
    expect(Object.isFrozen(envelope)).toBe(true)
    expect(envelope.name).toBe('own_1-x')
    expect(envelope.encode(event)).toBe(1)
    expect(envelope.decode(1)).toMatchObject({ issues: [{ path: 'p' }] })
  })

  it('passes the hints on', () => {
    const envelope = defineEnvelope({
      ...own,
      decode: (data, hints) => ({ ok: true, event: { ...event, data, id: hints?.id ?? '' } }),
    })
    expect(envelope.decode(7, { id: 'h' })).toMatchObject({ event: { id: 'h', data: 7 } })
  })

  it.each([
    [{ ...own, name: '' }, 'name'],
    [{ ...own, name: 'Own' }, 'name'],
    [{ ...own, name: 'x'.repeat(65) }, 'name'],
    [{ ...own, name: undefined }, 'name'],
    [{ ...own, encode: undefined }, 'encode and decode'],
    [{ ...own, decode: 5 }, 'encode and decode'],
  ])('refuses %o', (bad, problem) => {
    const call = () => Reflect.apply(defineEnvelope, undefined, [bad])
    expect(call).toThrow(TypeError)
    expect(call).toThrow(problem)
    expect(call).not.toThrow(WebhookError)
  })
})
