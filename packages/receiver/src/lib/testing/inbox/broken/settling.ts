import { SHORT } from '../../contract/bench'
import { type BrokenInbox, withCurrentTokens } from './broken-inbox'

/** Faults of `settle`. */
export const settleFaults: readonly BrokenInbox[] = [
  {
    fault: 'has what is done due again',
    caughtBy: 'settle: done is never claimed again',
    breakIt: (store) => ({
      settle: (task, settlement) =>
        store.settle(
          task,
          settlement.to === 'done' ? { to: 'retry', inMs: SHORT, code: '' } : settlement,
        ),
    }),
  },
  {
    fault: 'retries at once',
    caughtBy: 'settle: a retry is not due before',
    breakIt: (store) => ({
      settle: (task, settlement) =>
        store.settle(task, settlement.to === 'retry' ? { ...settlement, inMs: 0 } : settlement),
    }),
  },
  {
    fault: 'never retries',
    caughtBy: 'settle: a retry is due after its delay',
    breakIt: (store) => ({
      settle: (task, settlement) =>
        store.settle(task, settlement.to === 'retry' ? { to: 'done' } : settlement),
    }),
  },
  {
    fault: 'does not say why a task is dead',
    caughtBy: 'settle: dead is never claimed again, and says why',
    breakIt: (store) => ({
      settle: (task, settlement) =>
        store.settle(
          task,
          settlement.to === 'dead' ? { to: 'dead', reason: 'exhausted', code: '' } : settlement,
        ),
    }),
  },
  {
    fault: 'settles with any token',
    caughtBy: 'settle: a replaced token answers false, and changes nothing',
    breakIt: (store) => {
      const { claim, current } = withCurrentTokens(store)
      return { claim, settle: (task, settlement) => store.settle(current(task), settlement) }
    },
  },
  {
    fault: 'says true to a second settlement',
    caughtBy: 'settle: a second time answers false',
    breakIt: (store) => ({
      settle: async (task, settlement) => {
        await store.settle(task, settlement)
        return true
      },
    }),
  },
  {
    fault: 'refuses to settle once the lease ran out',
    caughtBy: 'settle: a lease that ran out, its task claimed by nobody, still holds',
    breakIt: (store) => ({
      settle: async (task, settlement) => {
        const tasks = (await store.get(task.key))?.tasks ?? []
        const isRunning = tasks.some(({ state }) => state === 'running')
        return isRunning && store.settle(task, settlement)
      },
    }),
  },
]
