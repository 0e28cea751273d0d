import type { BrokenStore } from './broken-store'

export const brokenDue: readonly BrokenStore[] = [
  {
    name: 'knows no end of a lease in nextDueIn',
    fails: ['nextDueIn: not later than the end of a lease'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        nextDueIn: async () => (state.leases.size > 0 ? undefined : deliveries.nextDueIn()),
      },
    }),
  },
  {
    name: 'knows no retries in nextDueIn',
    fails: [
      'nextDueIn: not later than the next retry',
      'nextDueIn: not later than the end of a throttle',
    ],
    wrong: ({ deliveries }) => ({
      deliveries: { nextDueIn: async () => ((await deliveries.nextDueIn()) === 0 ? 0 : undefined) },
    }),
  },
  {
    name: 'answers claims that find nothing as if nothing waited',
    fails: [
      'nextDueIn: not later than the next retry',
      'nextDueIn: not later than the end of a lease',
      "nextDueIn: not later than the end of an event's lease",
      'nextDueIn: not later than the end of a throttle',
    ],
    wrong: ({ deliveries }) => ({
      deliveries: {
        async claim(request) {
          const claim = await deliveries.claim(request)
          return claim.deliveries.length > 0 ? claim : { next: { dueIn: undefined }, ...claim }
        },
      },
    }),
  },
  {
    name: 'forgets recorded events in nextDueIn',
    fails: [
      'nextDueIn: 0 while a recorded event waits',
      "nextDueIn: not later than the end of an event's lease",
    ],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        nextDueIn: async () =>
          state.unmatched.size + state.matching.size > 0 ? undefined : deliveries.nextDueIn(),
      },
    }),
  },
  {
    name: 'waits for a lease though a delivery is due',
    fails: ['nextDueIn: 0 while a delivery is due'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        nextDueIn: async () => {
          const leased = state.leases.peek()
          return leased ? leased.leasedUntil - state.clock.now() : deliveries.nextDueIn()
        },
      },
    }),
  },
  {
    name: 'forgets suspects in nextDueIn',
    fails: ['nextDueIn: 0 while a suspect waits'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        nextDueIn: async () => {
          const due = await deliveries.nextDueIn()
          return state.suspicious.size > 0 ? undefined : due
        },
      },
    }),
  },
  {
    name: 'forgets an endpoint that was paused once',
    fails: ['nextDueIn: 0 again once a paused endpoint with due work is enabled'],
    wrong: ({ deliveries, endpoints }) => {
      let forgotten = false
      return {
        endpoints: {
          insert: (endpoint) => {
            forgotten ||= endpoint.status === 'paused'
            return endpoints.insert(endpoint)
          },
        },
        deliveries: {
          nextDueIn: async () => (forgotten ? undefined : deliveries.nextDueIn()),
        },
      }
    },
  },
  {
    name: 'always has something due',
    fails: ['nextDueIn: undefined while nothing waits'],
    wrong: () => ({ deliveries: { nextDueIn: async () => 0 } }),
  },
]
