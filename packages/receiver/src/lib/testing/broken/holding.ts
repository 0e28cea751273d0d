import { LONG, SHORT } from '../contract/bench'
import { type BrokenStore, nameOf, withCurrentTokens } from './broken-store'

/** Faults of `renew`, `complete` and `release`. */
export const holdingFaults: readonly BrokenStore[] = [
  {
    fault: 'says it renewed, and did not',
    caughtBy: 'renew: the new lease replaces what was left',
    breakIt: () => ({ renew: () => true }),
  },
  {
    fault: 'never shortens a lease',
    caughtBy: 'renew: a shorter lease replaces a longer one',
    breakIt: (store) => ({ renew: (claim, ms) => store.renew(claim, Math.max(ms, LONG)) }),
  },
  {
    fault: 'adds a renewal to what was left',
    caughtBy: 'renew: counts from now',
    breakIt: (store) => ({ renew: (claim, ms) => store.renew(claim, ms + LONG - SHORT) }),
  },
  {
    fault: 'renews with any token',
    caughtBy: 'renew: a replaced token answers false, and changes nothing',
    breakIt: (store) => {
      const { claim, current } = withCurrentTokens(store)
      return { claim, renew: (ref, ms) => store.renew(current(ref), ms) }
    },
  },
  {
    fault: 'completes with any token',
    caughtBy: 'complete: a replaced token answers false, and changes nothing',
    breakIt: (store) => {
      const { claim, current } = withCurrentTokens(store)
      return { claim, complete: (ref, ms) => store.complete(current(ref), ms) }
    },
  },
  {
    fault: 'releases with any token',
    caughtBy: 'release: a replaced token answers false, and changes nothing',
    breakIt: (store) => {
      const { claim, current } = withCurrentTokens(store)
      return { claim, release: (ref) => store.release(current(ref)) }
    },
  },
  {
    fault: 'remembers for the length of a lease',
    caughtBy: 'complete: is remembered beyond the lease',
    breakIt: (store) => ({ complete: (claim, ms) => store.complete(claim, Math.min(ms, SHORT)) }),
  },
  {
    fault: 'remembers for ever',
    caughtBy: 'complete: is remembered for its lifetime, and no longer',
    breakIt: (store) => ({ complete: (claim) => store.complete(claim, Number.MAX_SAFE_INTEGER) }),
  },
  {
    fault: 'remembers for a day at most',
    caughtBy: 'complete: days can be remembered',
    breakIt: (store) => ({
      complete: (claim, ms) => store.complete(claim, Math.min(ms, 86_400_000)),
    }),
  },
  {
    fault: 'refuses to complete once the lease ran out',
    caughtBy: 'complete: a lease that ran out, its key taken by nobody, is still completed',
    breakIt: (store) => {
      const short = new Set<string>()
      return {
        claim: (key, fingerprint, ms) => {
          if (ms <= SHORT) short.add(nameOf(key))
          else short.delete(nameOf(key))
          return store.claim(key, fingerprint, ms)
        },
        complete: (claim, ms) => !short.has(nameOf(claim)) && store.complete(claim, ms),
      }
    },
  },
  {
    fault: 'says true to a second completion',
    caughtBy: 'complete: a second time answers false, and the lifetime stays',
    breakIt: (store) => ({
      complete: async (claim, ms) => {
        await store.complete(claim, ms)
        return true
      },
    }),
  },
  {
    fault: 'says it released, and did not',
    caughtBy: 'release: frees the key at once, for any fingerprint',
    breakIt: () => ({ release: () => true }),
  },
  {
    fault: 'says true to every release',
    caughtBy: 'release: a second time answers false',
    breakIt: (store) => ({
      release: async (claim) => {
        await store.release(claim)
        return true
      },
    }),
  },
  {
    fault: 'keeps the fingerprint of a released claim',
    caughtBy: 'release: frees the key at once, for any fingerprint',
    breakIt: (store) => {
      const first = new Map<string, string>()
      return {
        claim: async (key, fingerprint, ms) => {
          const known = first.get(nameOf(key)) ?? fingerprint
          first.set(nameOf(key), known)
          return known === fingerprint ? store.claim(key, fingerprint, ms) : { state: 'mismatch' }
        },
      }
    },
  },
]
