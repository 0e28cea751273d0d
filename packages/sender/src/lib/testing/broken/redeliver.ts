import type { Redelivery } from '../../ports/delivery-store'
import { addDelivery } from '../../stores/memory/events'
import { type DeliveryRow, isUnfinished } from '../../stores/memory/rows'
import { findEvent, type MemoryState } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'

export const brokenRedeliveries: readonly BrokenStore[] = [
  {
    name: 'redelivers while a delivery is pending',
    fails: [
      'redeliver: nothing while a delivery of the event to the endpoint is unfinished',
      'redeliver: within one batch the second of two alike waits for the first',
    ],
    wrong: (_, state) => ({
      deliveries: {
        redeliver: async (items) => {
          for (const item of items) addAgain(state, item)
          return items.map(() => 'created')
        },
      },
    }),
  },
  {
    name: 'looks for a pending delivery before it writes, without a lock',
    fails: ['redeliver: of concurrent ones exactly one is created'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        redeliver: async (items) => {
          const free = items.every((item) => unfinishedOf(state, item).length === 0)
          await Promise.resolve()
          if (!free) return deliveries.redeliver(items)
          for (const item of items) addAgain(state, item)
          return items.map(() => 'created')
        },
      },
    }),
  },
  {
    name: 'waits for a delivery to any endpoint',
    fails: ['redeliver: another endpoint that never had the event is free to get it'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        redeliver: async (items) =>
          items.some((item) => unfinishedOf(state, item).length > 0)
            ? items.map(() => 'pending')
            : deliveries.redeliver(items),
      },
    }),
  },
  {
    name: 'renews a message id twice alike',
    fails: ['redeliver: as new, every delivery has a message id of its own'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        redeliver: async (items) => {
          for (const event of state.events.values()) event.renewals = 0
          return deliveries.redeliver(items)
        },
      },
    }),
  },
  {
    name: 'sends a pruned payload empty',
    fails: ['redeliver: a pruned payload is refused, not sent empty'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        redeliver: async (items) => {
          for (const event of state.events.values()) event.body ??= new Uint8Array()
          return deliveries.redeliver(items)
        },
      },
    }),
  },
  {
    name: 'forgets what a delivery replays',
    fails: ['redeliver: a new delivery of the old message, due at once'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        redeliver: (items) => deliveries.redeliver(items.map(({ replayOf: _, ...item }) => item)),
      },
    }),
  },
  {
    name: 'gives up a batch of redeliveries at a refusal',
    fails: ['redeliver: refused for what is unknown, with the reason; the others are made'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        redeliver: async (items) =>
          items.every((item) => findEvent(state, item.tenantId, item.eventId))
            ? deliveries.redeliver(items)
            : items.map(() => 'event_not_found'),
      },
    }),
  },
  {
    name: 'redelivers to another tenant’s endpoint',
    fails: ["redeliver: another tenant's event and endpoint are unknown"],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        redeliver: (items) =>
          deliveries.redeliver(
            items.map((item) => {
              const event = state.all.events.find(({ id }) => id === item.eventId)
              return { ...item, tenantId: event?.tenantId ?? item.tenantId }
            }),
          ),
      },
    }),
  },
  {
    name: 'overwrites an envelope’s stored bytes on a redelivery',
    fails: ['redeliver: in another envelope, with the bytes it brings or that are stored'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        redeliver: async (items) => {
          for (const event of state.events.values()) event.bodies.clear()
          return deliveries.redeliver(items)
        },
      },
    }),
  },
]

function unfinishedOf(state: MemoryState, item: Redelivery): readonly DeliveryRow[] {
  const event = findEvent(state, item.tenantId, item.eventId)
  return event?.deliveries.filter(isUnfinished) ?? []
}

function addAgain(state: MemoryState, item: Redelivery): void {
  const event = findEvent(state, item.tenantId, item.eventId)
  if (!event) return
  const { id, endpointId } = item
  addDelivery(state, event, {
    id,
    endpointId,
    messageId: event.id,
    state: { status: 'pending' },
  })
}
