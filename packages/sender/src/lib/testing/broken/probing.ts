import type { EndpointRecord } from '../../model/endpoint'
import type { DeliveryClaimRequest } from '../../ports/delivery-store'
import type { EndpointTransition } from '../../ports/endpoint-store'
import { findLane, type MemoryState } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'
import { asking, seeing } from './claim'
import { transitioning } from './transition'

const NEVER = Number.MAX_SAFE_INTEGER

export const brokenProbing: readonly BrokenStore[] = [
  asking('never probes', (request) => ({ ...request, probeAfterMs: NEVER }), [
    'probing: an endpoint that has long been failing has one lease at the most, over all claims',
    'probing: concurrent claims together make one probe',
    'probing: a probe whose lease ran out makes room for the next',
    'probing: a suspect is claimed under the same cap',
    'probing: a healthy endpoint keeps its cap beside one that is probed',
  ]),
  asking('probes from the first failure on', (request) => ({ ...request, probeAfterMs: 0 }), [
    'probing: an endpoint that has not been failing for so long keeps its cap',
  ]),
  asking(
    'probes only with ordinary claims',
    (request) => (request.solo ? { ...request, probeAfterMs: NEVER } : request),
    ['probing: a suspect is claimed under the same cap'],
  ),
  asking('caps everybody while it probes one', capAll, [
    'probing: a healthy endpoint keeps its cap beside one that is probed',
  ]),
  asking(
    'probes once, and never again',
    (request, state) => (wasProbed(state, request) ? { ...request, failingLimit: 0 } : request),
    [
      'probing: a probe whose lease ran out makes room for the next',
      'probing: an endpoint that has long been failing has one lease at the most, over all claims',
    ],
  ),
  seeing('ignores when the next probe is due', withoutProbe, [
    'probing: none of a failing endpoint is claimed before its next probe',
    'probing: an endpoint that turned healthy flows at its full cap at once',
  ]),
  seeing(
    'takes a disabled endpoint for one to probe',
    (endpoint) => (endpoint.status === 'disabled' ? { ...endpoint, status: 'enabled' } : endpoint),
    ['probing: a disabled endpoint is not probed, and all of its deliveries are answered'],
  ),
  {
    name: 'lets suspects go before the next probe',
    fails: ['probing: a suspect waits for the next probe too'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        claim: async (request) => {
          const probed = [...state.suspicious].filter(({ endpoint }) => waits(endpoint))
          for (const lane of probed) lane.endpoint = withoutProbe(lane.endpoint)
          return deliveries.claim(request)
        },
      },
    }),
  },
  {
    name: 'forgets the next probe when it says what is due',
    fails: ['nextDueIn: not later than the next probe'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        nextDueIn: async () =>
          [...state.lanes.values()].some(({ endpoint }) => waits(endpoint))
            ? undefined
            : deliveries.nextDueIn(),
      },
    }),
  },
  transitioning(
    'brings a probe forward',
    (change, state) => {
      const lane = findLane(state, change.tenantId, change.id)
      if (lane && change.probeInMs !== undefined) lane.endpoint = withoutProbe(lane.endpoint)
      return change
    },
    ['transition: a probe is put off while the endpoint is failing, and never brought forward'],
  ),
  transitioning(
    'keeps a probe for the next time of failing',
    ({ probeInMs, ...change }) => ({
      ...change,
      ...(probeInMs === undefined ? {} : { throttleForMs: probeInMs }),
    }),
    [
      'transition: a probe is put off while the endpoint is failing, and never brought forward',
      'probing: an endpoint that turned healthy flows at its full cap at once',
    ],
  ),
  transitioning(
    'lifts a throttle with the wait for a probe',
    (change, state) => {
      const lane = findLane(state, change.tenantId, change.id)
      if (lane && change.health?.to === 'healthy') {
        const { throttledUntil: _, ...endpoint } = lane.endpoint
        lane.endpoint = endpoint
      }
      return change
    },
    ['transition: turning healthy ends the wait for a probe, and no throttle'],
  ),
  transitioning('looks at no condition', ({ onlyIf: _, ...change }) => change, [
    'transition: what was judged of another time of failing changes nothing',
    'transition: what was judged at another URL changes nothing',
  ]),
  {
    name: 'compares a condition in a step of its own',
    fails: ['transition: of concurrent judgements on one time of failing exactly one disables'],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        transition: async (changes) => {
          const held = changes.map((change) => change.onlyIf && isEnabled(state, change))
          await Promise.resolve()
          const answers = await endpoints.transition(changes)
          return answers.map((answer, index) => held[index] ?? answer)
        },
      },
    }),
  },
]

function capAll(request: DeliveryClaimRequest, state: MemoryState): DeliveryClaimRequest {
  const now = state.clock.now()
  const probed = [...state.lanes.values()].some(
    ({ endpoint: { health } }) =>
      health.state === 'failing' && now - health.since >= request.probeAfterMs,
  )
  return probed ? { ...request, perEndpoint: 1 } : request
}

const wasProbed = (state: MemoryState, { probeAfterMs }: DeliveryClaimRequest): boolean =>
  probeAfterMs !== NEVER &&
  state.all.deliveries.some(
    ({ lane, progress }) => lane?.endpoint.health.state === 'failing' && progress.attempt > 0,
  )

const waits = ({ health }: EndpointRecord): boolean =>
  health.state === 'failing' && health.probeAt !== undefined

function withoutProbe(endpoint: EndpointRecord): EndpointRecord {
  const { health } = endpoint
  if (health.state === 'healthy') return endpoint
  return { ...endpoint, health: { state: 'failing', since: health.since } }
}

const isEnabled = (state: MemoryState, { tenantId, id }: EndpointTransition): boolean =>
  findLane(state, tenantId, id)?.endpoint.status === 'enabled'
