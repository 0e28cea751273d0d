import { describe, expect, it } from 'vitest'
import type { EndpointRecord } from './endpoint'
import type { Filter } from './filter'
import { match } from './match'

function endpoint(fields: Partial<EndpointRecord> = {}): EndpointRecord {
  return {
    tenantId: 'default',
    id: 'ep_1',
    seq: 1,
    revision: 1,
    url: 'https://example.com/hook',
    eventTypes: ['run.*'],
    status: 'enabled',
    health: { state: 'healthy' },
    headers: {},
    secrets: [],
    metadata: {},
    createdAt: 0,
    updatedAt: 0,
    ...fields,
  }
}

const event = (data: unknown = {}) => ({ type: 'run.completed', data: () => data })
const states = (...args: Parameters<typeof match>) => match(...args).map(({ state }) => state)

const pending = { status: 'pending' }
const filtered = { status: 'skipped', reason: 'filtered' }
const disabled = { status: 'skipped', reason: 'disabled' }
const passing: Filter = { path: 'ok', eq: true }

describe('match', () => {
  it('answers the endpoints whose subscription names the type, in their order', () => {
    const [one, other, two] = [
      endpoint(),
      endpoint({ eventTypes: ['node.*'] }),
      endpoint({ eventTypes: ['*'] }),
    ]
    expect(match(event(), [one, other, two])).toStrictEqual([
      { endpoint: one, state: pending },
      { endpoint: two, state: pending },
    ])
    expect(match(event(), [])).toStrictEqual([])
  })

  it('leaves out endpoints created after the event was recorded', () => {
    const [old, edge, young] = [endpoint({ seq: 6 }), endpoint({ seq: 7 }), endpoint({ seq: 8 })]
    const found = match({ ...event(), horizon: 7 }, [young, edge, old])
    expect(found.map((item) => item.endpoint)).toStrictEqual([edge, old])
    expect(match({ ...event(), horizon: 0 }, [endpoint({ seq: 1 })])).toStrictEqual([])
    expect(match(event(), [endpoint({ seq: Number.MAX_SAFE_INTEGER })])).toHaveLength(1)
  })

  it('queues for enabled and paused endpoints, and skips disabled ones', () => {
    const all = (['enabled', 'paused', 'disabled'] as const).map((status) => endpoint({ status }))
    expect(states(event(), all)).toStrictEqual([pending, pending, disabled])
  })

  it('skips what the filter keeps back', () => {
    expect(states(event({ ok: true }), [endpoint({ filter: passing })])).toStrictEqual([pending])
    expect(states(event({ ok: false }), [endpoint({ filter: passing })])).toStrictEqual([filtered])
  })

  it('asks the filter before the status', () => {
    const off = endpoint({ status: 'disabled', filter: passing })
    expect(states(event({ ok: false }), [off])).toStrictEqual([filtered])
    expect(states(event({ ok: true }), [off])).toStrictEqual([disabled])
    expect(
      states(event({ ok: false }), [endpoint({ status: 'paused', filter: passing })]),
    ).toStrictEqual([filtered])
  })

  it('reads the data at most once, and only for a filter that is asked', () => {
    let reads = 0
    const data = () => {
      reads += 1
      return { ok: true }
    }
    const elsewhere = endpoint({ eventTypes: ['node.*'], filter: passing })
    match({ type: 'run.completed', data }, [endpoint(), elsewhere])
    expect(reads).toBe(0)
    match({ type: 'run.completed', data }, [
      endpoint({ filter: passing }),
      endpoint({ filter: { ...passing } }),
    ])
    expect(reads).toBe(1)
  })

  it('lets data that cannot be read pass no filter, not even a negated one, and tries once', () => {
    let reads = 0
    const data = () => {
      reads += 1
      throw new SyntaxError('not JSON')
    }
    const filters: Filter[] = [passing, { not: passing }]
    const endpoints = [...filters.map((filter) => endpoint({ filter })), endpoint()]
    expect(states({ type: 'run.completed', data }, endpoints)).toStrictEqual([
      filtered,
      filtered,
      pending,
    ])
    expect(reads).toBe(1)
  })

  it('passes falsy data on to the filter', () => {
    const filter: Filter = { not: passing }
    for (const data of [undefined, null, 0, '', false]) {
      expect(states(event(data), [endpoint({ filter })])).toStrictEqual([pending])
    }
  })

  it('lets a stored filter that it cannot evaluate pass nothing, each time', () => {
    for (const text of ['{"path":"ok","matches":".*"}', '"text"', 'null', '7', '[]']) {
      const subject = endpoint({ filter: JSON.parse(text) })
      expect(states(event({ ok: true }), [subject])).toStrictEqual([filtered])
      expect(states(event({ ok: true }), [subject])).toStrictEqual([filtered])
    }
  })

  it('reads a filter once, however many events it is asked about', () => {
    let reads = 0
    const filter: Filter = {
      path: 'ok',
      get eq() {
        reads += 1
        return true
      },
    }
    const subject = [endpoint({ filter })]
    expect(states(event({ ok: true }), subject)).toStrictEqual([pending])
    const once = reads
    expect(once).toBeGreaterThan(0)
    expect(states(event({ ok: false }), subject)).toStrictEqual([filtered])
    expect(reads).toBe(once)
  })
})
