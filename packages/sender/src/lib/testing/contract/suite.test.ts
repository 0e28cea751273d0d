import * as nodeTest from 'node:test'
import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../stores/memory/memory-store'
import { laws } from './laws'
import { type ContractRunner, storeContract } from './suite'

describe('storeContract', () => {
  it('names each law once, and shows what is skipped, and why', () => {
    const { runner, tests, skipped, groups } = collecting()
    storeContract({
      runner,
      name: 'mine',
      clock: 'fake',
      host: 'none',
      create: () => memoryStore(),
      skip: { 'prune: an unfinished delivery is kept, however old': 'it never prunes' },
    })
    expect(groups).toEqual(['store contract: mine'])
    expect(skipped).toContain(
      'prune: an unfinished delivery is kept, however old (skipped: it never prunes)',
    )
    expect(skipped).toContain(
      'host: an enqueued event waits to be matched (skipped: no synchronous transactions)',
    )
    expect(skipped).toContain(
      'host: a transaction that rejects leaves nothing (skipped: no asynchronous transactions)',
    )
    expect(tests.length + skipped.length).toBe(Object.keys(laws).length)
    expect(new Set([...tests, ...skipped]).size).toBe(Object.keys(laws).length)
  })

  it('refuses a law that it does not know, in types and at run time', () => {
    const { runner } = collecting()
    const suite = {
      runner,
      name: 'mine',
      clock: 'fake',
      host: 'none',
      create: () => memoryStore(),
    } as const
    // @ts-expect-error: the law is misspelt
    const misspelt = () => storeContract({ ...suite, skip: { 'claim: nothing at al': 'why' } })
    expect(misspelt).toThrow('there is no law "claim: nothing at al"')
  })

  it('closes every store it had made, and cleans up after each law', async () => {
    const { runner, bodies } = collecting()
    let open = 0
    const cleaned: number[] = []
    storeContract({
      runner,
      name: 'mine',
      clock: 'fake',
      host: 'sync',
      create: ({ clock }) => {
        open += 1
        const store = memoryStore({ clock })
        let closed = false
        const close = async () => {
          open -= closed ? 0 : 1
          closed = true
          await store.close()
        }
        return { ...store, close }
      },
      cleanUp: (stores) => {
        cleaned.push(stores.length)
      },
    })
    for (const body of bodies) await body().catch(() => {})
    expect(open).toBe(0)
    expect(cleaned).toHaveLength(bodies.length)
  })

  it('fits the runners of node:test and vitest', () => {
    const runners: readonly ContractRunner[] = [
      { describe, it },
      { describe, it: it.concurrent },
      { describe: nodeTest.describe, it: nodeTest.it },
    ]
    expect(runners).toHaveLength(3)
  })
})

function collecting() {
  const groups: string[] = []
  const tests: string[] = []
  const skipped: string[] = []
  const bodies: (() => Promise<void>)[] = []
  const add = (name: string, body: () => Promise<void>) => {
    tests.push(name)
    bodies.push(body)
  }
  const runner: ContractRunner = {
    describe(name, body) {
      groups.push(name)
      body()
    },
    it: Object.assign(add, { skip: (name: string) => skipped.push(name) }),
  }
  return { runner, groups, tests, skipped, bodies }
}
