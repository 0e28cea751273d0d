import { describe, expect, it } from 'vitest'
import type { OrderStore } from '../../ports/order-store'
import { memoryOrder } from '../../stores/memory-order'
import { type BrokenOrder, brokenOrders } from './broken'
import { type OrderLaw, orderContract, orderLaws } from './contract'
import { memoryOrderSkips } from './memory-skips'

type Test = () => Promise<void>

/** Collects the laws instead of running them. */
function collect(breakIt: BrokenOrder['breakIt'] = () => ({})) {
  const tests = new Map<string, Test>()
  const skipped: string[] = []
  const it = (name: string, body: Test) => void tests.set(name, body)
  orderContract({
    runner: {
      describe: (_name, body) => body(),
      it: Object.assign(it, { skip: (name: string) => void skipped.push(name) }),
    },
    name: 'broken',
    clock: 'fake',
    host: { kind: 'none' },
    create: ({ clock }) => wrapped(memoryOrder({ clock }), breakIt),
    skip: memoryOrderSkips,
  })
  return { tests, skipped }
}

function wrapped(store: OrderStore, breakIt: BrokenOrder['breakIt']): OrderStore {
  return {
    isNewer: (key, version) => store.isNewer(key, version),
    advance: (key, version) => store.advance(key, version),
    prune: (request) => store.prune?.(request) ?? 0,
    close: () => store.close?.(),
    ...breakIt(store),
  }
}

describe('the order contract catches a store that', () => {
  it.each(brokenOrders.map((one) => [one.fault, one] as const))('%s', async (_name, one) => {
    const law = collect(one.breakIt).tests.get(one.caughtBy)
    expect(law, one.caughtBy).toBeDefined()
    await expect(law?.()).rejects.toThrow()
  })

  it('and passes one that only wraps a good store', async () => {
    const { tests, skipped } = collect()
    for (const [name, law] of tests) await expect(law(), name).resolves.toBeUndefined()
    expect(tests.size + skipped.length).toBe(orderLaws.length)
    expect(tests.size).toBeGreaterThan(12)
  })

  it('breaks each law that a store in memory can keep at least once', () => {
    const judged = orderLaws.filter(
      (name) => !name.startsWith('host: ') && !(name in memoryOrderSkips),
    )
    const broken = new Set<OrderLaw>(brokenOrders.map(({ caughtBy }) => caughtBy))
    expect(judged.filter((name) => !broken.has(name))).toEqual([])
  })

  it('and no misspelt law: the compiler refuses it, and so does the run', () => {
    const skip = { 'advance: takes a hgher version': 'why' }
    const suite = { runner: { describe, it }, name: '', clock: 'fake', skip } as const
    expect(() =>
      // @ts-expect-error: no such law
      orderContract({ ...suite, host: { kind: 'none' }, create: () => memoryOrder() }),
    ).toThrow('there is no law "advance: takes a hgher version"')
  })
})
