import { describe, expect, it } from 'vitest'
import { fakeClock } from '../testing/fake-clock'
import { memoryIdempotency } from './memory'

const LEASE = 1_000
const RETAIN = 10_000

function setUp(maxEntries?: number) {
  const clock = fakeClock()
  const store = memoryIdempotency({ clock, ...(maxEntries ? { maxEntries } : {}) })
  const claim = async (id: string) => store.claim({ source: 's', id }, 'f', LEASE)
  const acquire = async (id: string) => {
    const result = await claim(id)
    const token = result.state === 'acquired' ? result.token : expect.fail(result.state)
    return { source: 's', id, token }
  }
  const complete = async (id: string) => store.complete(await acquire(id), RETAIN)
  const state = async (id: string) => (await claim(id)).state
  return { clock, store, acquire, complete, state }
}

describe('memoryIdempotency, when full', () => {
  it('lets the record completed longest ago go first', async () => {
    const { acquire, complete, store, state } = setUp(3)
    const early = await acquire('early')
    await complete('a')
    await store.complete(early, RETAIN)
    await complete('b')
    await complete('c')
    expect(await state('early')).toBe('done')
    expect(await state('b')).toBe('done')
    expect(await state('c')).toBe('done')
    expect(await state('a')).toBe('acquired')
  })

  it('never lets a live claim go', async () => {
    const { acquire, complete, state } = setUp(3)
    await acquire('live')
    for (const id of ['a', 'b', 'c', 'd']) await complete(id)
    expect(await state('live')).toBe('in_flight')
  })

  it('lets claims go whose lease ran out, when there is no record left', async () => {
    const { acquire, clock, state, store } = setUp(2)
    const first = await acquire('first')
    await clock.advance(LEASE - 1)
    await acquire('second')
    await clock.advance(1)
    await acquire('third')
    expect(await state('second')).toBe('in_flight')
    expect(await state('third')).toBe('in_flight')
    expect(await store.complete(first, RETAIN)).toBe(false)
  })

  it('keeps ended claims as long as there are records to let go', async () => {
    const { acquire, clock, complete, store } = setUp(2)
    const ended = await acquire('ended')
    await clock.advance(LEASE)
    await complete('record')
    await acquire('new')
    expect(await store.complete(ended, RETAIN)).toBe(true)
  })

  it('throws store_busy when every entry is live', async () => {
    const { acquire, state } = setUp(2)
    await acquire('a')
    await acquire('b')
    await expect(acquire('c')).rejects.toMatchObject({
      code: 'store_busy',
      message: expect.stringContaining('All 2 entries'),
    })
    expect(await state('a')).toBe('in_flight')
  })

  it('may hold a single entry', async () => {
    const { complete, state } = setUp(1)
    await complete('a')
    await complete('b')
    expect(await state('b')).toBe('done')
  })

  it('takes an ended claim over in its own place', async () => {
    const { acquire, clock, state } = setUp(2)
    await acquire('a')
    await clock.advance(LEASE)
    await acquire('b')
    await acquire('a')
    expect(await state('b')).toBe('in_flight')
    expect(await state('a')).toBe('in_flight')
  })

  it('reuses the place of a record whose lifetime is over', async () => {
    const { acquire, clock, complete, state } = setUp(2)
    await complete('a')
    await clock.advance(RETAIN)
    await acquire('live')
    await acquire('a')
    expect(await state('a')).toBe('in_flight')
  })

  it('holds 100,000 entries unless told otherwise', async () => {
    const { complete, state } = setUp()
    for (let index = 0; index <= 100_000; index += 1) await complete(String(index))
    expect(await state('1')).toBe('done')
    expect(await state('0')).toBe('acquired')
  })
})

describe('memoryIdempotency', () => {
  it.each([0, -1, 1.5, Number.NaN, Infinity, '10'])(
    'does not take %j for maxEntries',
    (maxEntries) => {
      // @ts-expect-error: what JavaScript may pass all the same
      expect(() => memoryIdempotency({ maxEntries })).toThrow(
        'memoryIdempotency: maxEntries must be a positive integer',
      )
    },
  )

  it('has one limit for records and claims that are pruned together', async () => {
    const { acquire, clock, complete, store } = setUp()
    await complete('record')
    await acquire('first')
    await acquire('second')
    await clock.advance('2d')
    expect(store.prune?.({ limit: 2 })).toBe(2)
    expect(store.prune?.({ limit: 2 })).toBe(1)
  })

  it('says what to do once it is closed', () => {
    const { store } = setUp()
    void store.close?.()
    expect(() => store.prune?.({ limit: 1 })).toThrow('is closed; open a new one')
  })

  it('keeps the clock it was made with', async () => {
    const { clock, store, acquire, state } = setUp()
    store.useClock?.({ now: () => 0, sleep: async () => {} })
    await acquire('a')
    await clock.advance(LEASE)
    expect(await state('a')).toBe('acquired')
  })

  it('takes the first clock that it is given, when it has none', async () => {
    const store = memoryIdempotency()
    const clock = fakeClock()
    store.useClock?.(clock)
    store.useClock?.({ now: () => 0, sleep: async () => {} })
    await store.claim({ source: 's', id: 'a' }, 'f', LEASE)
    await clock.advance(LEASE)
    expect(await store.claim({ source: 's', id: 'a' }, 'f', LEASE)).toMatchObject({
      state: 'acquired',
    })
  })

  it('works by the machine clock without any', async () => {
    const store = memoryIdempotency()
    const key = { source: 's', id: 'a' }
    await store.claim(key, 'f', 60_000)
    expect(await store.claim(key, 'f', 60_000)).toMatchObject({ state: 'in_flight' })
  })

  it('answers without a promise: it costs no turn of the queue', () => {
    const store = memoryIdempotency()
    expect(store.claim({ source: 's', id: 'a' }, 'f', LEASE)).toMatchObject({ state: 'acquired' })
  })
})
