import type { EndpointRecord } from '../../model/endpoint'
import type { DeliveryClaimRequest } from '../../ports/delivery-store'
import { arrange } from '../../stores/memory/lanes'
import type { DeliveryRow } from '../../stores/memory/rows'
import type { MemoryState } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'

export const brokenClaims: readonly BrokenStore[] = [
  asking('forgets a lease', (request) => ({ ...request, leaseMs: 0 }), [
    'claim: nobody else is given a delivery under its lease',
  ]),
  asking('leases for ever', (request) => ({ ...request, leaseMs: 1e12 }), [
    'claim: a delivery whose lease ran out is claimed again, and counted as lost',
    "claim: answers the store's now, from which the lease runs",
  ]),
  asking('ignores the free slots', (request) => ({ ...request, limit: 1000 }), [
    'claim: never more than the limit, and nothing without a free slot',
  ]),
  asking('claims one at a time', (request) => ({ ...request, limit: Math.min(1, request.limit) }), [
    'claim: fills the free slots while enough is due',
  ]),
  asking('ignores a cap', (request) => ({ ...request, perEndpoint: 1000 }), [
    'claim: never more leases on an endpoint than its cap, over all claims',
  ]),
  asking(
    'holds the cap for each claim alone',
    (request, state) => ({ ...request, perEndpoint: request.perEndpoint + mostLeased(state) }),
    [
      'claim: never more leases on an endpoint than its cap, over all claims',
      'claim: concurrent claims together keep the cap',
    ],
  ),
  asking(
    'counts leases that ran out towards the cap',
    (request, state) => ({ ...request, perEndpoint: request.perEndpoint - expired(state).length }),
    ['claim: a lease that ran out no longer counts towards the cap'],
  ),
  asking(
    'counts finished deliveries towards the cap',
    (request, state) => ({ ...request, perEndpoint: request.perEndpoint - finished(state).length }),
    [
      'claim: a settled or released delivery frees its place under the cap',
      'cancel: a canceled delivery frees its place under the cap',
    ],
  ),
  asking(
    'claims suspects on any terms',
    (request) => (request.solo ? { ...request, limit: 1, perEndpoint: 1000 } : request),
    ['suspects: a solo claim keeps the limit, the cap and the pause'],
  ),
  asking(
    'holds every endpoint back while one is at its cap',
    (request, state) =>
      mostLeased(state) >= request.perEndpoint ? { ...request, limit: 0 } : request,
    ['claim: one endpoint at its cap holds no other back'],
  ),
  asking('ignores the failing share', (request) => ({ ...request, failingLimit: 1000 }), [
    'claim: failing endpoints together get at most what they are allowed',
    'claim: failing endpoints wait while they are allowed nothing',
  ]),
  seeing(
    'claims for a paused endpoint',
    (endpoint) => (endpoint.status === 'paused' ? { ...endpoint, status: 'enabled' } : endpoint),
    [
      "claim: a paused endpoint's deliveries wait, and go on when it is enabled",
      "claim: a paused endpoint's lost lease is not claimed again",
      "endpoints: another handle's pause and removal hold for the next claim",
    ],
  ),
  seeing('ignores a throttle', ({ throttledUntil: _, ...endpoint }) => endpoint, [
    "claim: a throttled endpoint's deliveries wait until the throttle ends",
  ]),
  seeing(
    'never answers for a disabled endpoint',
    (endpoint) => (endpoint.status === 'disabled' ? { ...endpoint, status: 'paused' } : endpoint),
    ["claim: a disabled endpoint's deliveries are answered, as disabled"],
  ),
]

/** A store that claims on other terms than it was asked to. */
export function asking(
  name: string,
  ask: (request: DeliveryClaimRequest, state: MemoryState) => DeliveryClaimRequest,
  fails: BrokenStore['fails'],
): BrokenStore {
  return {
    name,
    fails,
    wrong: ({ deliveries }, state) => ({
      deliveries: { claim: (request) => deliveries.claim(ask(request, state)) },
    }),
  }
}

/** A store whose claims take endpoints for something else than they are. */
export function seeing(
  name: string,
  see: (endpoint: EndpointRecord) => EndpointRecord,
  fails: BrokenStore['fails'],
): BrokenStore {
  return {
    name,
    fails,
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        claim: async (request) => {
          const lanes = [...state.lanes.values()]
          const truth = lanes.map((lane) => lane.endpoint)
          const now = state.clock.now()
          for (const lane of lanes) {
            lane.endpoint = see(lane.endpoint)
            arrange(state, lane, now)
          }
          const claim = deliveries.claim(request)
          for (const [index, lane] of lanes.entries()) {
            lane.endpoint = truth[index] ?? lane.endpoint
            arrange(state, lane, now)
          }
          return claim
        },
      },
    }),
  }
}

const mostLeased = (state: MemoryState): number =>
  Math.max(0, ...[...state.lanes.values()].map((lane) => lane.leased.size))

const finished = (state: MemoryState): readonly DeliveryRow[] =>
  state.all.deliveries.filter((row) => 'finishedAt' in row.state)

function expired(state: MemoryState): readonly DeliveryRow[] {
  const now = state.clock.now()
  return state.all.deliveries.filter(
    (row) => row.state.status === 'delivering' && row.state.leasedUntil <= now,
  )
}
