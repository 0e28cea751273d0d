import type { ClaimedInboxTask, InboxStore } from '../../../ports/inbox-store'
import { LONG } from '../../contract/bench'
import { LEDGER } from '../bench'
import { type BrokenInbox, withCurrentTokens } from './broken-inbox'

const firstClaims = new WeakMap<InboxStore, ClaimedInboxTask[]>()

/** Faults of `claim`, `renew` and `release`. */
export const claimFaults: readonly BrokenInbox[] = [
  {
    fault: 'gives a task to whoever asks',
    caughtBy: 'claim: gives each task to one caller',
    breakIt: (store) => ({
      claim: async (request) => {
        const tasks = [...(await store.claim(request))]
        const first = firstClaims.get(store) ?? tasks
        firstClaims.set(store, first)
        return tasks.length > 0 ? tasks : first
      },
    }),
  },
  {
    fault: 'knows no limit',
    caughtBy: 'claim: at most its limit, those that have been due longest',
    breakIt: (store) => ({ claim: (request) => store.claim({ ...request, limit: 100 }) }),
  },
  {
    fault: 'claims for every handler',
    caughtBy: 'claim: only tasks of the handlers named',
    breakIt: (store) => ({
      claim: (request) => store.claim({ ...request, handlers: [LEDGER, ...request.handlers] }),
    }),
  },
  {
    fault: 'counts no attempts',
    caughtBy: 'claim: counts attempts',
    breakIt: (store) => ({
      claim: async (request) =>
        (await store.claim(request)).map((task) => ({ ...task, attempt: 1 })),
    }),
  },
  {
    fault: 'leases for no time',
    caughtBy: 'claim: not while the lease lasts',
    breakIt: (store) => ({ claim: (request) => store.claim({ ...request, leaseMs: 1 }) }),
  },
  {
    fault: 'leases for ever',
    caughtBy: 'claim: again once the lease has run out, with another token',
    breakIt: (store) => ({ claim: (request) => store.claim({ ...request, leaseMs: LONG }) }),
  },
  {
    fault: 'says it renewed, and did not',
    caughtBy: 'renew: the new lease replaces what was left',
    breakIt: () => ({ renew: () => true }),
  },
  {
    fault: 'renews with any token',
    caughtBy: 'renew: a replaced token answers false, and changes nothing',
    breakIt: (store) => {
      const { claim, current } = withCurrentTokens(store)
      return { claim, renew: (task, ms) => store.renew(current(task), ms) }
    },
  },
  {
    fault: 'counts an attempt that was released',
    caughtBy: 'release: is due at once, and the attempt does not count',
    breakIt: (store) => ({
      release: (task) => store.settle(task, { to: 'retry', inMs: 0, code: 'released' }),
    }),
  },
  {
    fault: 'releases with any token',
    caughtBy: 'release: a replaced token answers false, and changes nothing',
    breakIt: (store) => {
      const { claim, current } = withCurrentTokens(store)
      return { claim, release: (task) => store.release(current(task)) }
    },
  },
]
