import { describe, expect, it } from 'vitest'
import { fakeTimers } from './fake-timers'
import { createLookupLanes, systemSlots } from './lookup-lanes'

/** A resolver that answers when the test says so. */
function setUp(slots = 2) {
  const timers = fakeTimers()
  const open = new Map<string, (addresses: readonly string[]) => void>()
  const begun: string[] = []
  const lookup = createLookupLanes(
    (hostname) => {
      begun.push(hostname)
      return new Promise((resolve) => open.set(hostname, resolve))
    },
    timers,
    { slots, patienceMs: 100 },
  )
  const answer = async (hostname: string): Promise<void> => {
    open.get(hostname)?.(['1.1.1.1'])
    await timers.advance(5)
  }
  const ask = (hostname: string) =>
    lookup(hostname).catch((error: { failure?: unknown }) => error.failure)
  const begin = async (...hostnames: string[]): Promise<void> => {
    for (const hostname of hostnames) void ask(hostname)
    await timers.advance(5)
  }
  /** Names whose lookup was quick, or slow, before. */
  const known = async (hostname: string, tookMs = 1): Promise<void> => {
    await begin(hostname)
    timers.stall(tookMs)
    await answer(hostname)
    begun.length = 0
  }
  return { timers, begun, answer, ask, begin, known }
}

describe('lookups', () => {
  it('of names that never answer leave a slot to those that do', async () => {
    const { begin, begun, known, ask, answer } = setUp()
    await known('good.example')
    await begin('dead1.example', 'dead2.example', 'dead3.example')
    expect(begun).toEqual(['dead1.example'])
    const good = ask('good.example')
    expect(begun).toEqual(['dead1.example', 'good.example'])
    await answer('good.example')
    expect(await good).toEqual(['1.1.1.1'])
    expect(begun).toEqual(['dead1.example', 'good.example'])
  })

  it('of new names go before those that were slow, and quick ones before both', async () => {
    const { begin, begun, known, answer } = setUp()
    await known('slow.example', 1_100)
    await known('quick1.example')
    await known('quick2.example')
    await begin('dead.example', 'quick1.example', 'slow.example', 'new.example', 'quick2.example')
    expect(begun).toEqual(['dead.example', 'quick1.example'])
    await answer('quick1.example')
    expect(begun.slice(2)).toEqual(['quick2.example'])
    await answer('quick2.example')
    expect(begun.slice(3)).toEqual([])
    await answer('dead.example')
    expect(begun.slice(3)).toEqual(['new.example'])
    await answer('new.example')
    expect(begun.slice(4)).toEqual(['slow.example'])
  })

  it('that were slow are quick again when they were', async () => {
    const { begin, begun, known } = setUp()
    await known('host.example', 1_100)
    await begin('dead.example', 'host.example')
    expect(begun).toEqual(['dead.example'])
    const other = setUp()
    await other.known('host.example', 1_100)
    await other.known('host.example')
    await other.begin('dead.example', 'host.example')
    expect(other.begun).toEqual(['dead.example', 'host.example'])
  })

  it('that get no slot in time end, leave no timer, and begin no more', async () => {
    const { begin, begun, ask, timers, answer } = setUp()
    await begin('dead.example')
    const late = ask('late.example')
    await timers.advance(101)
    expect(await late).toMatchObject({ errorClass: 'dns', code: 'dns_timeout', blame: 'sender' })
    expect(timers.set).toBe(0)
    await answer('dead.example')
    expect(begun).toEqual(['dead.example'])
  })

  it('that fail or throw give their slot back', async () => {
    const timers = fakeTimers()
    const lookup = createLookupLanes(
      (hostname) => {
        if (hostname === 'throws.example') throw new Error('no')
        return Promise.reject(new Error('no'))
      },
      timers,
      { slots: 1, patienceMs: 100 },
    )
    for (const hostname of ['throws.example', 'rejects.example', 'throws.example'])
      await expect(lookup(hostname)).rejects.toThrow('no')
    expect(timers.set).toBe(0)
  })

  it('have one slot for all where the system has no more', async () => {
    const { begin, begun, answer } = setUp(1)
    await begin('a.example', 'b.example')
    expect(begun).toEqual(['a.example'])
    await answer('a.example')
    expect(begun).toEqual(['a.example', 'b.example'])
  })
})

it.each([
  [undefined, 2],
  ['4', 2],
  ['1', 1],
  ['16', 8],
  ['5000', 512],
  ['0', 1],
  ['nonsense', 1],
])('a pool of %s threads looks up at most %i names at once', (threads, slots) => {
  expect(systemSlots(threads)).toBe(slots)
})
