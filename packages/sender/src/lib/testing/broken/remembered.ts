import type { BrokenStore } from './broken-store'

const kept = 'remembered: endpoints are those that were read last, under a mark that insert takes'
const refused = 'remembered: nothing is written of an event that was matched before a change'
const alone = 'remembered: an outdated event hinders no other of its batch'

export const brokenMemories: readonly BrokenStore[] = [
  {
    name: 'takes any mark',
    fails: [refused, alone],
    wrong: ({ deliveries }) => ({
      deliveries: {
        insert: (events) => deliveries.insert(events.map(({ mark: _, ...event }) => event)),
      },
    }),
  },
  {
    name: 'takes no mark',
    fails: [kept, alone],
    wrong: ({ endpoints }) => ({
      endpoints: {
        remembered: (tenantId) => {
          const known = endpoints.remembered?.(tenantId)
          return known && { ...known, mark: `${known.mark}-not` }
        },
      },
    }),
  },
  {
    name: 'remembers nobody’s endpoints',
    fails: [kept],
    wrong: ({ endpoints }) => ({
      endpoints: {
        remembered: (tenantId) => {
          const known = endpoints.remembered?.(tenantId)
          return known && { ...known, endpoints: [] }
        },
      },
    }),
  },
  {
    name: 'refuses a whole batch for one that is outdated',
    fails: [alone],
    wrong: ({ deliveries }) => ({
      deliveries: {
        insert: async (events) => {
          const late = events.some(({ mark }) => mark === 'of nothing that there was')
          return deliveries.insert(
            late
              ? events.map((event) => ({ ...event, mark: 'of nothing that there was' }))
              : events,
          )
        },
      },
    }),
  },
]
