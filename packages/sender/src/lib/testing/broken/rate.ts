import { arrange } from '../../stores/memory/lanes'
import { findLane, type MemoryState } from '../../stores/memory/state'
import { effectivePace } from '../../stores/memory/terms'
import type { BrokenStore } from './broken-store'
import { asking, seeing } from './claim'

export const brokenRates: readonly BrokenStore[] = [
  seeing('ignores rate limits', ({ rateLimit: _, ...endpoint }) => endpoint, [
    'rate: no window holds more claims than the limit, over all handles',
    'rate: concurrent claims together keep it',
    'rate: a retry counts, and so does what was released',
    'rate: other endpoints do not wait for it',
  ]),
  seeing('lets through twice the rate', (endpoint) => times(endpoint, 2), [
    'rate: no window holds more claims than the limit, over all handles',
    'rate: gives what the limit allows, and saves up little',
  ]),
  seeing('lets through a third of the rate', (endpoint) => times(endpoint, 1 / 3), [
    'rate: gives what the limit allows, and saves up little',
  ]),
  seeing(
    'limits a disabled endpoint',
    (endpoint) => (endpoint.status === 'disabled' ? { ...endpoint, status: 'enabled' } : endpoint),
    ['rate: a disabled endpoint has none, and all of its deliveries are answered'],
  ),
  asking(
    'waits for a limited endpoint',
    (request, state) => (isAnyLimited(state) ? { ...request, limit: 0 } : request),
    ['rate: other endpoints do not wait for it'],
  ),
  {
    name: 'counts what was released as never claimed',
    fails: ['rate: a retry counts, and so does what was released'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        release: async (leases) => {
          await deliveries.release(leases)
          beginAnew(state)
        },
      },
    }),
  },
  {
    name: 'counts no suspects',
    fails: ['rate: a suspect counts and waits like any other'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        claim: async (request) => {
          const claim = await deliveries.claim(request)
          if (request.solo) beginAnew(state)
          return claim
        },
      },
    }),
  },
  {
    name: 'goes on with the old limit',
    fails: ['rate: a changed limit begins anew, and one taken away holds no longer'],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        replace: async (record) => {
          const lane = findLane(state, record.tenantId, record.id)
          const due = lane?.paceDue ?? 0
          const written = await endpoints.replace(record)
          if (lane) arrange(state, Object.assign(lane, { paceDue: due }), state.clock.now())
          return written
        },
      },
    }),
  },
  {
    name: 'begins a limit anew with every write',
    fails: ['rate: a change of anything else does not begin it anew'],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        replace: async (record) => {
          const lane = findLane(state, record.tenantId, record.id)
          if (lane) lane.paceDue = 0
          return endpoints.replace(record)
        },
      },
    }),
  },
  {
    name: 'forgets the rate when it says what is due',
    fails: ['nextDueIn: not later than the rate allows the next'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        nextDueIn: async () => (isAnyLimited(state) ? undefined : deliveries.nextDueIn()),
      },
    }),
  },
]

type Endpoint = Parameters<typeof effectivePace>[0]

function times(endpoint: Endpoint, factor: number): Endpoint {
  const { rateLimit } = endpoint
  if (!rateLimit) return endpoint
  return { ...endpoint, rateLimit: { ...rateLimit, limit: Math.ceil(rateLimit.limit * factor) } }
}

const isAnyLimited = (state: MemoryState): boolean =>
  [...state.lanes.values()].some(
    ({ endpoint, paceDue }) => effectivePace(endpoint) && paceDue > state.clock.now(),
  )

function beginAnew(state: MemoryState): void {
  for (const lane of state.lanes.values()) {
    lane.paceDue = 0
    arrange(state, lane, state.clock.now())
  }
}
