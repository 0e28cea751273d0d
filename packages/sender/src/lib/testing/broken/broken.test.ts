import { describe, expect, it } from 'vitest'
import { laws, type StoreLaw } from '../contract/laws'
import { type ContractRunner, storeContract } from '../contract/suite'
import { brokenAnswers } from './answers'
import { brokenBlocking } from './blocking'
import { type BrokenStore, createBroken } from './broken-store'
import { brokenCancels } from './cancel'
import { brokenClaims } from './claim'
import { brokenDue } from './due'
import { brokenEndpoints } from './endpoints'
import { brokenHandOvers } from './hand-over'
import { brokenInserts } from './insert'
import { brokenLeases } from './leases'
import { brokenLines } from './lines'
import { brokenLogs } from './log'
import { brokenMatching } from './matching'
import { brokenOrders } from './order'
import { brokenProbing } from './probing'
import { brokenRates } from './rate'
import { brokenRedeliveries } from './redeliver'
import { brokenMemories } from './remembered'
import { brokenRetention } from './retention'
import { brokenSettles } from './settle'
import { brokenStores } from './store'
import { brokenTenants } from './tenants'
import { brokenTransitions } from './transition'

const everyBroken: readonly BrokenStore[] = [
  ...brokenStores,
  ...brokenInserts,
  ...brokenMatching,
  ...brokenClaims,
  ...brokenHandOvers,
  ...brokenMemories,
  ...brokenOrders,
  ...brokenTenants,
  ...brokenProbing,
  ...brokenRates,
  ...brokenLines,
  ...brokenBlocking,
  ...brokenAnswers,
  ...brokenLeases,
  ...brokenCancels,
  ...brokenRedeliveries,
  ...brokenDue,
  ...brokenSettles,
  ...brokenLogs,
  ...brokenEndpoints,
  ...brokenTransitions,
  ...brokenRetention,
]

const BEFORE_MIGRATE: StoreLaw = 'store: before migrate, every call rejects with store_not_migrated'

const soundStore: BrokenStore = { name: 'nothing wrong', fails: [], wrong: () => ({}) }

describe('the store contract finds a store that', () => {
  it.each(everyBroken.map((broken) => [broken.name, broken] as const))('%s', async (_, broken) => {
    const failed = await failedLaws(broken)
    expect(failed).toEqual(expect.arrayContaining([...broken.fails]))
  })

  it('and finds nothing where nothing is wrong', async () => {
    expect(await failedLaws(soundStore)).toEqual([])
  })

  it('and has no law that none of them breaks', () => {
    const broken = new Set<string>(everyBroken.flatMap(({ fails }) => fails))
    expect(Object.keys(laws).filter((name) => !broken.has(name))).toEqual([])
  })

  it('and names what is wrong with each', () => {
    const names = everyBroken.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(everyBroken.filter(({ fails }) => fails.length === 0)).toEqual([])
  })
})

/** Runs the contract over a broken store, and answers which laws found it. */
async function failedLaws(broken: BrokenStore): Promise<readonly string[]> {
  const tests: [string, () => Promise<void>][] = []
  const it: ContractRunner['it'] = Object.assign(
    (name: string, body: () => Promise<void>) => tests.push([name, body]),
    { skip: () => {} },
  )
  storeContract({
    runner: { describe: (_, body) => body(), it },
    name: broken.name,
    clock: 'fake',
    host: broken.host ?? 'sync',
    create: ({ clock }) => createBroken(broken, clock),
    reopen: (store, { clock }) => (broken.reopensEmpty ? createBroken(broken, clock) : store),
    skip: broken.fails.includes(BEFORE_MIGRATE) ? {} : { [BEFORE_MIGRATE]: 'memory has no schema' },
  })
  const failed: string[] = []
  for (const [name, body] of tests) {
    try {
      await body()
    } catch {
      failed.push(name)
    }
  }
  return failed
}
