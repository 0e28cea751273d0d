import { type BrokenStore, nameOf, withCurrentTokens } from './broken-store'

/** Faults of `claim`. */
export const claimingFaults: readonly BrokenStore[] = [
  {
    fault: 'gives a claimed key to the next caller',
    caughtBy: 'claim: a claimed key answers in_flight, with what is left of the lease',
    breakIt: (store) => ({
      claim: async (key, fingerprint, leaseMs) => {
        const result = await store.claim(key, fingerprint, leaseMs)
        return result.state === 'in_flight' ? { state: 'acquired', token: 'again' } : result
      },
    }),
  },
  {
    fault: 'looks first and takes later',
    caughtBy: 'claim: of many callers at once, one acquires',
    breakIt: (store) => {
      const taken = new Set<string>()
      return {
        claim: async (key, fingerprint, leaseMs) => {
          const free = !taken.has(nameOf(key))
          await Promise.resolve()
          const result = await store.claim(key, fingerprint, leaseMs)
          taken.add(nameOf(key))
          const raced = free && result.state === 'in_flight'
          return raced ? { state: 'acquired', token: 'raced' } : result
        },
      }
    },
  },
  {
    fault: 'says the key is free at once',
    caughtBy: 'claim: a claimed key answers in_flight, with what is left of the lease',
    breakIt: (store) => ({
      claim: async (key, fingerprint, leaseMs) => {
        const result = await store.claim(key, fingerprint, leaseMs)
        return result.state === 'in_flight' ? { ...result, retryInMs: 0 } : result
      },
    }),
  },
  {
    fault: 'forgets what was done',
    caughtBy: 'claim: a done key answers done',
    breakIt: (store) => ({ complete: (claim) => store.release(claim) }),
  },
  {
    fault: 'ignores the fingerprint',
    caughtBy: 'claim: a done key answers mismatch to another fingerprint',
    breakIt: (store) => ({ claim: (key, _fingerprint, leaseMs) => store.claim(key, '', leaseMs) }),
  },
  {
    fault: 'lets a mismatch end the claim',
    caughtBy: 'claim: a mismatch changes nothing',
    breakIt: (store) => {
      const { claim, current } = withCurrentTokens(store)
      return {
        claim: async (key, fingerprint, leaseMs) => {
          const result = await claim(key, fingerprint, leaseMs)
          if (result.state === 'mismatch') await store.release(current({ ...key, token: '' }))
          return result
        },
      }
    },
  },
  {
    fault: 'prolongs the lease for those who ask in vain',
    caughtBy: 'claim: asking in vain does not prolong the lease',
    breakIt: (store) => {
      const { claim, current } = withCurrentTokens(store)
      return {
        claim: async (key, fingerprint, leaseMs) => {
          const result = await claim(key, fingerprint, leaseMs)
          if (result.state === 'in_flight') {
            await store.renew(current({ ...key, token: '' }), leaseMs)
          }
          return result
        },
      }
    },
  },
  {
    fault: 'never ends a lease',
    caughtBy: 'claim: a lease that ran out frees its key',
    breakIt: (store) => ({
      claim: (key, fingerprint) => store.claim(key, fingerprint, Number.MAX_SAFE_INTEGER),
    }),
  },
  {
    fault: 'ends a lease early',
    caughtBy: 'claim: a lease holds for its whole length',
    breakIt: (store) => ({
      claim: (key, fingerprint, leaseMs) => store.claim(key, fingerprint, leaseMs - 1),
    }),
  },
  {
    fault: 'uses one token for all',
    caughtBy: 'claim: every acquisition has a token of its own',
    breakIt: (store) => {
      const { claim, current } = withCurrentTokens(store)
      return {
        claim: async (key, fingerprint, leaseMs) => {
          const result = await claim(key, fingerprint, leaseMs)
          return result.state === 'acquired' ? { ...result, token: 'held' } : result
        },
        complete: (ref, retainMs) => store.complete(current(ref), retainMs),
        release: (ref) => store.release(current(ref)),
      }
    },
  },
]
