import type { EndpointTransition } from '../../ports/endpoint-store'
import { findLane, type MemoryState } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'

export const brokenTransitions: readonly BrokenStore[] = [
  transitioning(
    'starts a failing endpoint’s time anew',
    (change, state) => {
      const lane = findLane(state, change.tenantId, change.id)
      if (lane && change.health?.to === 'failing' && lane.endpoint.health.state === 'failing') {
        const health = { state: 'failing', since: state.clock.now() } as const
        lane.endpoint = { ...lane.endpoint, health }
      }
      return change
    },
    ['transition: a failing endpoint keeps its since'],
  ),
  {
    name: 'has every endpoint fail since the epoch',
    fails: ['transition: health changes from the state named, and says since when'],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        transition: async (changes) => {
          const answers = await endpoints.transition(changes)
          for (const lane of state.lanes.values()) {
            const { health } = lane.endpoint
            if (health.state === 'failing') {
              lane.endpoint = { ...lane.endpoint, health: { state: 'failing', since: 0 } }
            }
          }
          return answers
        },
      },
    }),
  },
  transitioning(
    'changes health from any state',
    (change, state) => {
      const lane = findLane(state, change.tenantId, change.id)
      if (!lane || !change.health) return change
      return { ...change, health: { ...change.health, from: lane.endpoint.health.state } }
    },
    ['transition: health that is not as named stays as it is'],
  ),
  transitioning(
    'shortens a throttle',
    (change, state) => {
      const lane = findLane(state, change.tenantId, change.id)
      if (lane && change.throttleForMs !== undefined) {
        lane.endpoint = { ...lane.endpoint, throttledUntil: 0 }
      }
      return change
    },
    ['transition: a throttle is never shortened'],
  ),
  transitioning(
    'overwrites why an endpoint is disabled',
    (change, state) => {
      const lane = findLane(state, change.tenantId, change.id)
      if (lane && change.disable) {
        lane.endpoint = { ...lane.endpoint, disabledReason: change.disable }
      }
      return change
    },
    ['transition: disables once, and the first reason stays'],
  ),
  {
    name: 'writes a transition under the old revision',
    fails: ['transition: a write between makes a replace stale'],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        transition: async (changes) => {
          const lanes = [...state.lanes.values()].map((lane) => [lane, lane.endpoint] as const)
          const answers = await endpoints.transition(changes)
          for (const [lane, { revision }] of lanes) lane.endpoint = { ...lane.endpoint, revision }
          return answers
        },
      },
    }),
  },
  {
    name: 'gives up a batch of transitions at an unknown endpoint',
    fails: ['transition: an unknown endpoint hinders no other'],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        transition: async (changes) =>
          changes.every(({ tenantId, id }) => findLane(state, tenantId, id))
            ? endpoints.transition(changes)
            : changes.map(() => false),
      },
    }),
  },
  {
    name: 'says that every transition changed something',
    fails: ['transition: of concurrent ones exactly one says that it changed anything'],
    wrong: ({ endpoints }) => ({
      endpoints: {
        transition: async (changes) => (await endpoints.transition(changes)).map(() => true),
      },
    }),
  },
]

export function transitioning(
  name: string,
  edit: (change: EndpointTransition, state: MemoryState) => EndpointTransition,
  fails: BrokenStore['fails'],
): BrokenStore {
  return {
    name,
    fails,
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        transition: (changes) => endpoints.transition(changes.map((change) => edit(change, state))),
      },
    }),
  }
}
