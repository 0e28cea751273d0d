import type { BrokenInbox } from './broken-inbox'

/** Faults of what is done about what was settled. */
export const upkeepFaults: readonly BrokenInbox[] = [
  {
    fault: 'lists the oldest first',
    caughtBy: 'dead: pages the latest first, each once',
    breakIt: (store) => ({
      dead: async ({ filter, limit }) =>
        [...(await store.dead({ filter, limit: 100 }))].reverse().slice(0, limit),
    }),
  },
  {
    fault: 'pages by time alone',
    caughtBy: 'dead: pages of what died in one moment have each once',
    breakIt: (store) => ({
      dead: async ({ after, ...request }) =>
        (await store.dead(request)).filter(({ endedAt }) => !after || endedAt < after.endedAt),
    }),
  },
  {
    fault: 'does not filter by handler',
    caughtBy: 'dead: filters by each of its facts',
    breakIt: (store) => ({
      dead: ({ filter: { handler: _, ...filter }, ...request }) =>
        store.dead({ ...request, filter }),
    }),
  },
  {
    fault: 'revives whatever is dead',
    caughtBy: 'revive: has dead tasks that fit due at once, with no attempts counted',
    breakIt: (store) => ({ revive: (_filter, limit) => store.revive({}, limit) }),
  },
  {
    fault: 'revives more than it was told',
    caughtBy: 'revive: at most its limit',
    breakIt: (store) => ({ revive: (filter) => store.revive(filter, 100) }),
  },
  {
    fault: 'counts what runs as pending',
    caughtBy: 'statistics: count what is not done',
    breakIt: (store) => ({
      statistics: async () => {
        const { pending, running, ...rest } = await store.statistics()
        return { ...rest, pending: pending + running, running: 0 }
      },
    }),
  },
  {
    fault: 'prunes whatever its age',
    caughtBy: 'prune: keeps what is younger',
    breakIt: (store) => ({ prune: (request) => store.prune({ ...request, olderThanMs: 0 }) }),
  },
  {
    fault: 'prunes nothing',
    caughtBy: 'prune: drops old messages whose tasks are done, with these, and counts them',
    breakIt: () => ({ prune: () => 0 }),
  },
  {
    fault: 'prunes the dead without being told to',
    caughtBy: 'prune: drops a message with dead tasks only when told to',
    breakIt: (store) => ({ prune: (request) => store.prune({ ...request, dead: true }) }),
  },
  {
    fault: 'prunes all at once',
    caughtBy: 'prune: drops at most its limit, and comes to an end',
    breakIt: (store) => ({ prune: (request) => store.prune({ ...request, limit: 100 }) }),
  },
  {
    fault: 'answers after it was closed',
    caughtBy: 'close: afterwards every call fails with store_closed',
    breakIt: () => ({ close: () => {} }),
  },
]
