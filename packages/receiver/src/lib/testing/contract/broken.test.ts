import { describe, expect, it } from 'vitest'
import type { IdempotencyStore } from '../../ports/idempotency-store'
import { memoryIdempotency } from '../../stores/memory'
import type { BrokenStore } from '../broken/broken-store'
import { claimingFaults } from '../broken/claiming'
import { holdingFaults } from '../broken/holding'
import { keyFaults } from '../broken/keys'
import { upkeepFaults } from '../broken/upkeep'
import { type IdempotencyLaw, idempotencyContract, idempotencyLaws } from './contract'
import { memorySkips } from './memory-skips'

type Test = () => Promise<void>

/** Collects the laws instead of running them. */
function collect(create: () => IdempotencyStore, only?: BrokenStore) {
  const tests = new Map<string, Test>()
  const skipped: string[] = []
  const it = (name: string, body: Test) => void tests.set(name, body)
  const skip = (name: string) => void skipped.push(name)
  idempotencyContract({
    runner: { describe: (_name, body) => body(), it: Object.assign(it, { skip }) },
    name: only?.fault ?? 'memory',
    clock: 'fake',
    host: 'none',
    create: ({ clock }) => {
      const store = create()
      store.useClock?.(clock)
      return only ? broken(store, only) : store
    },
    skip: memorySkips,
  })
  return { tests, skipped }
}

function broken(store: IdempotencyStore, { breakIt }: BrokenStore): IdempotencyStore {
  return {
    host: { kind: 'none' },
    claim: (key, fingerprint, leaseMs) => store.claim(key, fingerprint, leaseMs),
    renew: (claim, leaseMs) => store.renew(claim, leaseMs),
    complete: (claim, retainMs) => store.complete(claim, retainMs),
    release: (claim) => store.release(claim),
    prune: (request) => store.prune?.(request) ?? 0,
    close: () => store.close?.(),
    ...breakIt(store),
  }
}

const faults = [...claimingFaults, ...keyFaults, ...holdingFaults, ...upkeepFaults]

describe('the idempotency contract catches a store that', () => {
  it.each(faults.map((fault) => [fault.fault, fault] as const))('%s', async (_name, fault) => {
    const { tests } = collect(() => memoryIdempotency(), fault)
    const law = tests.get(fault.caughtBy)
    expect(law, fault.caughtBy).toBeDefined()
    await expect(law?.()).rejects.toThrow()
  })

  it('and passes one that only wraps a good store', async () => {
    const nothing: BrokenStore = {
      fault: 'none',
      caughtBy: idempotencyLaws[0] ?? 'claim: a free key is acquired',
      breakIt: () => ({}),
    }
    const { tests } = collect(() => memoryIdempotency(), nothing)
    for (const [name, law] of tests) await expect(law(), name).resolves.toBeUndefined()
  })
})

describe('the idempotency contract', () => {
  it('registers one test for each law, in its own name', () => {
    const { tests, skipped } = collect(() => memoryIdempotency())
    expect(tests.size + skipped.length).toBe(idempotencyLaws.length)
    expect(tests.has('claim: a free key is acquired')).toBe(true)
  })

  it('shows the reason of each law that is skipped', () => {
    const { skipped } = collect(() => memoryIdempotency())
    expect(skipped).toContain('host: a replaced token answers false (skipped: no transactions)')
  })

  it('does not take a misspelt law: the compiler refuses it, and so does the run', () => {
    const law: IdempotencyLaw = 'claim: a free key is acquired'
    const skip = { 'claim: a fre key is acquired': law }
    const runner = { describe, it }
    const suite = { runner, name: '', clock: 'fake', host: 'none', skip } as const
    const create = () => memoryIdempotency()
    // @ts-expect-error: no such law
    expect(() => idempotencyContract({ ...suite, create })).toThrow(
      'there is no law "claim: a fre key is acquired"',
    )
  })

  it('fails, rather than passes, a law about a part that the store lacks', async () => {
    const { tests } = collect(() => {
      const { prune: _, ...rest } = wrap(memoryIdempotency())
      return rest
    })
    await expect(tests.get('prune: never drops a live claim')?.()).rejects.toThrow('skip this law')
  })
})

function wrap(store: IdempotencyStore): IdempotencyStore {
  return broken(store, {
    fault: '',
    caughtBy: 'claim: a free key is acquired',
    breakIt: () => ({}),
  })
}
