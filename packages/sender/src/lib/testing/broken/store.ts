import type { NewEvent } from '../../model/event'
import type { AsyncTransactions } from '../../ports/store'
import type { BrokenStore } from './broken-store'

export const brokenStores: readonly BrokenStore[] = [
  {
    name: 'works before it was migrated',
    fails: ['store: before migrate, every call rejects with store_not_migrated'],
    wrong: () => ({}),
  },
  {
    name: 'goes on after close',
    fails: ['store: after close, every call rejects with store_closed'],
    wrong: () => ({ close: async () => {} }),
  },
  {
    name: 'loses work when it is migrated again',
    fails: ['store: migrate is safe to repeat, and under concurrent callers'],
    wrong: (_, state) => ({
      migrate: async () => {
        const first = state.healthyLine.first()
        if (first) state.healthyLine.leave(first.lane)
      },
    }),
  },
  {
    name: 'gives a second handle a database of its own',
    fails: [
      'store: another handle on the same database sees all of it',
      'endpoints: forTenant answers every endpoint, as committed by any handle',
    ],
    reopensEmpty: true,
    wrong: () => ({}),
  },
  {
    name: 'enqueues an event as fanned out',
    fails: ['host: an enqueued event waits to be matched'],
    wrong: ({ host }) => ({
      host: {
        kind: 'sync',
        enqueue: (events: readonly NewEvent[]) =>
          host.enqueue(events.map((event) => ({ ...event, fanOut: NOTHING }))),
      },
    }),
  },
  {
    name: 'forgets idempotency keys in a host’s transaction',
    fails: ['host: enqueue knows the duplicates that insert knows'],
    wrong: ({ host }) => ({
      host: {
        kind: 'sync',
        enqueue: (events: readonly NewEvent[]) =>
          host.enqueue(events.map(({ idempotencyKey: _, ...event }) => event)),
      },
    }),
  },
  {
    name: 'writes outside the host’s transaction',
    fails: ['host: a transaction that rejects leaves nothing'],
    host: 'async',
    wrong: ({ host }) => ({
      host: asynchronous({
        enqueue: async (events) => host.enqueue(events),
        transaction: (work) => work(undefined),
      }),
    }),
  },
  {
    name: 'rolls every transaction back',
    fails: ['host: what a transaction enqueued waits to be matched once it resolves'],
    host: 'async',
    wrong: () => ({
      host: asynchronous({
        enqueue: async (events) =>
          events.map(({ id }) => ({ eventId: id, duplicate: false, deliveries: 0 })),
        transaction: (work) => work(undefined),
      }),
    }),
  },
  {
    name: 'leaves what a transaction matched to be matched again',
    fails: ['host: what a transaction enqueued with its deliveries is due once it resolves'],
    host: 'async',
    wrong: ({ host, endpoints }) => ({
      host: asynchronous({
        endpoints: (tenantId) => endpoints.forTenant(tenantId),
        enqueue: async (events) => host.enqueue(events.map(({ fanOut: _, ...event }) => event)),
        transaction: (work) => work(undefined),
      }),
    }),
  },
  {
    name: 'sees no endpoints in a transaction',
    fails: ['host: what a transaction enqueued with its deliveries is due once it resolves'],
    host: 'async',
    wrong: ({ host }) => ({
      host: asynchronous({
        enqueue: async (events) => host.enqueue(events),
        transaction: (work) => work(undefined),
      }),
    }),
  },
  {
    name: 'takes any mark in a transaction',
    fails: ['host: a transaction writes nothing of an event that was matched before a change'],
    host: 'async',
    wrong: ({ host }) => ({
      host: asynchronous({
        enqueue: async (events) => host.enqueue(events.map(({ mark: _, ...event }) => event)),
        transaction: (work) => work(undefined),
      }),
    }),
  },
  {
    name: 'pages a history by the order of recording, whatever is committed later',
    fails: ['history: a reader that pages forward misses no event that is committed late'],
    host: 'async',
    wrong: ({ host, log }) => {
      const uncommitted = new Set<string>()
      return {
        host: asynchronous({
          async enqueue(events) {
            for (const { id } of events) uncommitted.add(id)
            return host.enqueue(events)
          },
          async transaction(work) {
            const result = await work(undefined)
            uncommitted.clear()
            return result
          },
        }),
        log: {
          history: async (query) => {
            const { items, ...page } = await log.history(query)
            return { ...page, items: items.filter(({ event }) => !uncommitted.has(event.id)) }
          },
        },
      }
    },
  },
]

const NOTHING = { deliveries: [], bodies: [] }

const asynchronous = (
  host: Omit<AsyncTransactions<undefined>, 'kind' | 'endpoints'> &
    Partial<Pick<AsyncTransactions<undefined>, 'endpoints'>>,
): AsyncTransactions<undefined> => ({ kind: 'async', endpoints: async () => [], ...host })
