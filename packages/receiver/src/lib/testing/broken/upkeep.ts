import type { ClaimRef } from '../../ports/idempotency-store'
import { type BrokenStore, nameOf, withCurrentTokens } from './broken-store'

/** Faults of `prune` and `close`. */
export const upkeepFaults: readonly BrokenStore[] = [
  {
    fault: 'prunes nothing',
    caughtBy: 'prune: drops records whose lifetime is over, and counts them',
    breakIt: () => ({ prune: () => 0 }),
  },
  {
    fault: 'prunes without a limit',
    caughtBy: 'prune: drops at most its limit, and comes to an end',
    breakIt: (store) => ({ prune: () => store.prune?.({ limit: 1_000 }) ?? 0 }),
  },
  {
    fault: 'prunes live claims',
    caughtBy: 'prune: never drops a live claim',
    breakIt: (store) => {
      const held = new Map<string, ClaimRef>()
      return {
        claim: async (key, fingerprint, ms) => {
          const result = await store.claim(key, fingerprint, ms)
          if (result.state === 'acquired') held.set(nameOf(key), { ...key, token: result.token })
          return result
        },
        prune: async () => {
          for (const claim of held.values()) await store.release(claim)
          return 0
        },
      }
    },
  },
  {
    fault: 'prunes what is remembered',
    caughtBy: 'prune: never drops a remembered record',
    breakIt: (store) => {
      let pruned = false
      return {
        claim: async (key, fingerprint, ms) => {
          const result = await store.claim(key, fingerprint, ms)
          return pruned && result.state === 'done' ? { state: 'acquired', token: 'pruned' } : result
        },
        prune: async (request) => {
          pruned = true
          return store.prune?.(request) ?? 0
        },
      }
    },
  },
  {
    fault: 'prunes a claim as soon as its lease ran out',
    caughtBy: 'prune: leaves a claim whose lease just ran out to its handler',
    breakIt: (store) => {
      const { claim, current } = withCurrentTokens(store)
      const held: ClaimRef[] = []
      return {
        claim: (key, fingerprint, ms) => {
          held.push({ ...key, token: '' })
          return claim(key, fingerprint, ms)
        },
        prune: async () => {
          for (const ref of held.splice(0)) await store.release(current(ref))
          return 0
        },
      }
    },
  },
  {
    fault: 'keeps abandoned claims for ever',
    caughtBy: 'prune: drops a claim whose lease ran out a day ago',
    breakIt: () => ({ prune: () => 0 }),
  },
  {
    fault: 'answers after it was closed',
    caughtBy: 'close: afterwards every call fails with store_closed',
    breakIt: () => ({ close: () => {} }),
  },
]
