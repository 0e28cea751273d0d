import type { NewEvent } from '../../model/event'
import { findEvent, type MemoryState } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'

export const brokenInserts: readonly BrokenStore[] = [
  {
    name: 'fails on an empty batch',
    fails: [
      'insert: an empty batch is answered with nothing',
      'settle: an empty batch is answered with nothing',
    ],
    wrong: ({ deliveries }) => ({
      deliveries: {
        insert: async (events) => deliveries.insert(filled(events)),
        settle: async (batch) => deliveries.settle(filled(batch)),
      },
    }),
  },
  {
    name: 'overwrites on a duplicate',
    fails: ['insert: a known event id writes nothing and answers the first event'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        insert: async (events) => {
          const answers = await deliveries.insert(events)
          for (const event of events) {
            const row = findEvent(state, event.tenantId, event.id)
            if (row) row.body = event.body
          }
          return answers
        },
      },
    }),
  },
  {
    name: 'forgets idempotency keys',
    fails: [
      'insert: a known idempotency key writes nothing and answers the first event',
      'insert: a duplicate within one batch is found',
      'insert: a duplicate of an event that waits to be matched counts no deliveries',
    ],
    wrong: ({ deliveries }) => ({
      deliveries: {
        insert: (events) => deliveries.insert(events.map(withoutKey)),
      },
    }),
  },
  {
    name: 'adds deliveries on a duplicate',
    fails: [
      'insert: a known idempotency key writes nothing and answers the first event',
      'insert: a known event id writes nothing and answers the first event',
    ],
    wrong: ({ deliveries }) => ({
      deliveries: {
        insert: async (events) => {
          const answers = await deliveries.insert(events)
          const again = events.map((event) => ({ ...withoutKey(event), id: `${event.id}-again` }))
          await deliveries.insert(again.filter((_, index) => answers[index]?.duplicate))
          return answers
        },
      },
    }),
  },
  {
    name: 'gives up a batch for one duplicate',
    fails: ['insert: a duplicate hinders no other event of its batch, and answers keep the order'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        insert: async (events) => {
          const known = events.find((event) => isKnown(state, event))
          return known
            ? events.map(() => ({ eventId: known.id, duplicate: true, deliveries: 0 }))
            : deliveries.insert(events)
        },
      },
    }),
  },
  {
    name: 'matches every event again',
    fails: ['insert: a matched event is fanned out, its deliveries pending and due at once'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        insert: (events) => deliveries.insert(events.map(({ fanOut: _, ...event }) => event)),
      },
    }),
  },
  {
    name: 'takes an event that nobody matched for one that matched nothing',
    fails: ['insert: an event is only recorded while nothing is matched'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        insert: (events) =>
          deliveries.insert(
            events.map((event) => ({ fanOut: { deliveries: [], bodies: [] }, ...event })),
          ),
      },
    }),
  },
  {
    name: 'answers new events before duplicates',
    fails: ['insert: a duplicate hinders no other event of its batch, and answers keep the order'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        insert: async (events) =>
          [...(await deliveries.insert(events))].sort(
            (a, b) => Number(a.duplicate) - Number(b.duplicate),
          ),
      },
    }),
  },
  {
    name: 'shares idempotency keys between tenants',
    fails: ['insert: ids and idempotency keys of one tenant are free to another'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        insert: (events) => deliveries.insert(events.map((event) => asFirstTenant(state, event))),
      },
    }),
  },
  {
    name: 'looks for duplicates before it writes, without a lock',
    fails: ['insert: of concurrent duplicates exactly one is the first'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        insert: async (events) => {
          const known = events.some((event) => isKnown(state, event))
          await Promise.resolve()
          return deliveries.insert(known ? events : events.map(withoutKey))
        },
      },
    }),
  },
  {
    name: 'counts no deliveries of a duplicate',
    fails: [
      'insert: a known event id writes nothing and answers the first event',
      'fanOut: a duplicate sent afterwards is told of the deliveries',
    ],
    wrong: ({ deliveries }) => ({
      deliveries: {
        insert: async (events) =>
          (await deliveries.insert(events)).map((answer) =>
            answer.duplicate ? { ...answer, deliveries: 0 } : answer,
          ),
      },
    }),
  },
  {
    name: 'keeps the caller’s buffer',
    fails: ['insert: what the caller changes afterwards changes nothing stored'],
    wrong: ({ deliveries }, state) => ({
      deliveries: {
        insert: async (events) => {
          const answers = await deliveries.insert(events)
          for (const [index, event] of events.entries()) {
            const row = findEvent(state, event.tenantId, event.id)
            if (row && !answers[index]?.duplicate) row.body = event.body
          }
          return answers
        },
      },
    }),
  },
  {
    name: 'keeps bodies as text',
    fails: ['insert: a body comes back byte for byte'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        insert: (events) =>
          deliveries.insert(
            events.map((event) => ({
              ...event,
              body: new TextEncoder().encode(new TextDecoder().decode(event.body)),
            })),
          ),
      },
    }),
  },
  {
    name: 'keeps no ordering key',
    fails: ['insert: keeps every field of an event'],
    wrong: ({ deliveries }) => ({
      deliveries: {
        insert: (events) => deliveries.insert(events.map(({ orderingKey: _, ...event }) => event)),
      },
    }),
  },
  {
    name: 'delivers what was to be skipped',
    fails: ['insert: a skipped delivery is finished, never claimed and not counted'],
    wrong: ({ deliveries }) => ({
      deliveries: { insert: (events) => deliveries.insert(events.map(withoutSkips)) },
    }),
  },
  {
    name: 'leaves deliveries to a gone endpoint pending for ever',
    fails: [
      'insert: a delivery to an endpoint that is gone is stored canceled',
      "insert: a delivery to another tenant's endpoint is stored canceled",
      'fanOut: a delivery to an endpoint that is gone by then is stored canceled',
    ],
    wrong: ({ log }) => ({
      log: {
        get: async (tenantId, id) => {
          const record = await log.get(tenantId, id)
          if (record?.state.status !== 'canceled' || record.progress.attempt > 0) return record
          return { ...record, state: { status: 'pending', dueAt: record.createdAt } }
        },
      },
    }),
  },
]

function filled<Item>(batch: readonly Item[]): readonly Item[] {
  if (batch.length === 0) throw new TypeError('syntax error at or near ")"')
  return batch
}

const withoutKey = ({ idempotencyKey: _, ...event }: NewEvent): NewEvent => event

function isKnown(state: MemoryState, event: NewEvent): boolean {
  if (findEvent(state, event.tenantId, event.id)) return true
  const { idempotencyKey } = event
  return state.all.events.some(
    (row) => idempotencyKey !== undefined && row.idempotencyKey === idempotencyKey,
  )
}

function asFirstTenant(state: MemoryState, event: NewEvent): NewEvent {
  const first = state.all.events.find(
    (row) => row.idempotencyKey !== undefined && row.idempotencyKey === event.idempotencyKey,
  )
  return first ? { ...event, tenantId: first.tenantId } : event
}

function withoutSkips(event: NewEvent): NewEvent {
  if (!event.fanOut) return event
  const deliveries = event.fanOut.deliveries.map((delivery) => ({
    ...delivery,
    state: { status: 'pending' as const },
  }))
  return { ...event, fanOut: { ...event.fanOut, deliveries } }
}
