import { describe, expect, it } from 'vitest'
import { memoryInbox } from '../../stores/memory-inbox'
import { acceptFaults } from './broken/accepting'
import type { BrokenInbox } from './broken/broken-inbox'
import { claimFaults } from './broken/claiming'
import { settleFaults } from './broken/settling'
import { upkeepFaults } from './broken/upkeep'
import { type InboxLaw, inboxContract, inboxLaws } from './contract'
import { memoryInboxSkips } from './memory-skips'
import { wrapInbox } from './wrap'

const brokenInboxes = [...acceptFaults, ...claimFaults, ...settleFaults, ...upkeepFaults]

type Test = () => Promise<void>

/** Collects the laws instead of running them. */
function collect(broken?: BrokenInbox) {
  const tests = new Map<string, Test>()
  const skipped: string[] = []
  const it = (name: string, body: Test) => void tests.set(name, body)
  const skip = (name: string) => void skipped.push(name)
  inboxContract({
    runner: { describe: (_name, body) => body(), it: Object.assign(it, { skip }) },
    name: broken?.fault ?? 'memory',
    clock: 'fake',
    host: 'none',
    create: ({ clock }) => {
      const store = memoryInbox({ clock })
      return wrapInbox(store, broken?.breakIt(store) ?? {})
    },
    skip: memoryInboxSkips,
  })
  return { tests, skipped }
}

describe('the inbox contract catches a store that', () => {
  it.each(brokenInboxes.map((fault) => [fault.fault, fault] as const))(
    '%s',
    async (_name, fault) => {
      const law = collect(fault).tests.get(fault.caughtBy)
      expect(law, fault.caughtBy).toBeDefined()
      await expect(law?.()).rejects.toThrow()
    },
  )

  it('and passes one that only wraps a good store', async () => {
    for (const [name, law] of collect().tests) await expect(law(), name).resolves.toBeUndefined()
  })
})

it('registers one test for each law', () => {
  const { tests, skipped } = collect()
  expect(tests.size + skipped.length).toBe(inboxLaws.length)
})

it('does not take a misspelt law', () => {
  const law: InboxLaw = 'claim: counts attempts'
  const runner = { describe, it }
  const suite = {
    runner,
    name: '',
    clock: 'fake',
    host: 'none',
    create: () => memoryInbox(),
  } as const
  // @ts-expect-error: no such law
  expect(() => inboxContract({ ...suite, skip: { 'claim: counts': law } })).toThrow('no law')
})
