import { envelopes, schemes } from '@posthorn/schema'
import { describe, expect, it, vi } from 'vitest'
import { systemClock } from './clock'
import { defaults } from './defaults'
import { type ReceiverOptions, resolveOptions } from './options'
import { memoryIdempotency } from './stores/memory'
import { events, SECRET } from './test-support'
import { fakeClock } from './testing/fake-clock'

const good: ReceiverOptions = { secrets: SECRET, idempotency: 'none' }
const store = memoryIdempotency()

describe('resolveOptions', () => {
  it('fills in every default', () => {
    const resolved = resolveOptions({ ...good, idempotency: { store, source: 'a' } })
    expect(resolved).toMatchObject({
      events: undefined,
      schemes: [schemes.standard],
      envelope: envelopes.standard,
      type: undefined,
      tolerance: { past: 300, future: 300 },
      maxBodyBytes: 1_048_576,
      clock: systemClock,
      idempotency: { leaseMs: 30_000, retentionMs: 604_800_000, key: undefined },
    })
    expect(Object.isFrozen(resolved)).toBe(true)
    expect(Object.isFrozen(defaults)).toBe(true)
  })

  it('keeps what it is given', () => {
    const clock = fakeClock()
    const key = () => 'k'
    const resolved = resolveOptions({
      ...good,
      events,
      clock,
      schemes: [schemes.svix, schemes.standard],
      envelope: envelopes.raw,
      type: 'a.b',
      tolerance: '10s',
      maxBodyBytes: 1,
      idempotency: { store, source: 's', lease: '1s', retention: '2s', key },
    })
    expect(resolved).toMatchObject({
      events,
      clock,
      schemes: [schemes.svix, schemes.standard],
      envelope: envelopes.raw,
      tolerance: { past: 10, future: 10 },
      maxBodyBytes: 1,
      idempotency: { store, leaseMs: 1_000, retentionMs: 2_000, key },
    })
  })

  it('takes one side of the tolerance, also none at all', () => {
    expect(resolveOptions({ ...good, tolerance: { past: '0s' } }).tolerance).toEqual({
      past: 0,
      future: 300,
    })
    expect(resolveOptions({ ...good, tolerance: { future: '1m' } }).tolerance).toEqual({
      past: 300,
      future: 60,
    })
  })

  it('has no idempotency only when told so', () => {
    expect(resolveOptions(good).idempotency).toBeUndefined()
  })

  it('gives its clock to a store that has none', () => {
    const clock = fakeClock()
    const useClock = vi.fn()
    const clocked = Object.assign(memoryIdempotency(), { useClock })
    resolveOptions({ ...good, clock, idempotency: { store: clocked, source: 'a' } })
    expect(useClock).toHaveBeenCalledWith(clock)
  })

  it('leaves the object it is given alone', () => {
    const given = Object.freeze({ ...good, schemes: Object.freeze([schemes.standard]) })
    expect(() => resolveOptions(given)).not.toThrow()
  })

  const bad: readonly (readonly [string, object, string])[] = [
    ['an unknown option', { idempotancy: 'none' }, 'idempotancy is not an option'],
    ['no secrets', { secrets: undefined }, 'secrets is required'],
    ['no secret in the list', { secrets: [] }, 'secrets: There is no secret'],
    ['an empty secret', { secrets: '' }, 'secrets: '],
    ['no idempotency', { idempotency: undefined }, 'idempotency is required'],
    ['idempotency false', { idempotency: false }, 'idempotency is required'],
    ['idempotency null', { idempotency: null }, 'idempotency is required'],
    ['another word', { idempotency: 'memory' }, 'idempotency is required'],
    ['no store', { idempotency: { source: 'a' } }, 'idempotency.store must be'],
    ['no store at all', { idempotency: { store: null, source: 'a' } }, 'idempotency.store must be'],
    ['half a store', { idempotency: { store: { claim() {} }, source: 'a' } }, 'idempotency.store'],
    ['no source', { idempotency: { store } }, 'idempotency.source must be'],
    ['an empty source', { idempotency: { store, source: '' } }, 'idempotency.source must be'],
    [
      'a lease of 0',
      { idempotency: { store, source: 'a', lease: '0s' } },
      'idempotency.lease must',
    ],
    ['a bare number', { idempotency: { store, source: 'a', lease: 30 } }, 'idempotency.lease'],
    [
      'a retention of 0',
      { idempotency: { store, source: 'a', retention: '0s' } },
      'retention must',
    ],
    [
      'a negative retention',
      { idempotency: { store, source: 'a', retention: '-1d' } },
      'retention',
    ],
    ['both scheme and schemes', { scheme: schemes.svix, schemes: [schemes.svix] }, 'schemes is'],
    ['no scheme', { schemes: [] }, 'schemes must name at least one'],
    ['something else for schemes', { schemes: schemes.svix }, 'schemes must name at least one'],
    ['something else for a scheme', { scheme: 'standard' }, 'schemes must hold schemes'],
    ['a scheme and something else', { schemes: [schemes.svix, null] }, 'schemes must hold schemes'],
    ['null for a scheme', { schemes: [null] }, 'schemes must hold schemes'],
    ['half a scheme', { scheme: { verify() {} } }, 'schemes must hold schemes'],
    ['an empty type', { type: '' }, 'type must be'],
    ['a number for a type', { type: 7 }, 'type must be'],
    ['a bad tolerance', { tolerance: '5 minutes' }, 'tolerance.past must be a duration'],
    ['a bad tolerance of one side', { tolerance: { future: '-1s' } }, 'tolerance.future'],
    ['a limit of 0', { maxBodyBytes: 0 }, 'maxBodyBytes must be a positive integer'],
    ['a negative limit', { maxBodyBytes: -1 }, 'maxBodyBytes must'],
    ['half a byte', { maxBodyBytes: 1.5 }, 'maxBodyBytes must'],
    ['no limit', { maxBodyBytes: Infinity }, 'maxBodyBytes must'],
    ['a limit in words', { maxBodyBytes: '1mb' }, 'maxBodyBytes must'],
  ]

  it.each(bad)('refuses %s', (_name, change, message) => {
    const options = { ...good, ...change }
    expect(() => resolveOptions(options)).toThrow(TypeError)
    expect(() => resolveOptions(options)).toThrow(message)
  })

  it.each([undefined, null, 'options'])('refuses %s for all of them', (options) => {
    // @ts-expect-error: what JavaScript may pass all the same
    expect(() => resolveOptions(options)).toThrow('options must be an object')
  })
})
