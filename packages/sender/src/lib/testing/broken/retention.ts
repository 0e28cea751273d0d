import { keyOf } from '../../stores/memory/rows'
import type { BrokenStore } from './broken-store'

export const brokenRetention: readonly BrokenStore[] = [
  {
    name: 'prunes a payload that an unfinished delivery needs',
    fails: ['prune: what an unfinished delivery needs is never dropped'],
    wrong: ({ retention }, state) => ({
      retention: {
        prune: (request) => {
          const before = state.clock.now() - (request.events ?? Number.POSITIVE_INFINITY)
          for (const event of state.all.events) {
            if (event.recordedAt < before && event.state.state === 'fanned_out') {
              event.body = undefined
            }
          }
          return retention.prune(request)
        },
      },
    }),
  },
  {
    name: 'prunes an envelope that an unfinished delivery needs',
    fails: ['prune: bytes in another envelope stay while an unfinished delivery needs them'],
    wrong: ({ retention }, state) => ({
      retention: {
        prune: (request) => {
          if (request.events !== undefined) {
            for (const event of state.all.events) event.bodies.clear()
          }
          return retention.prune(request)
        },
      },
    }),
  },
  {
    name: 'prunes what a recorded event needs',
    fails: ['prune: what a recorded event needs is never dropped'],
    wrong: ({ retention }, state) => ({
      retention: {
        prune: (request) => {
          for (const event of state.all.events) {
            if (event.state.state === 'recorded') event.body = undefined
          }
          return retention.prune(request)
        },
      },
    }),
  },
  {
    name: 'prunes unfinished deliveries',
    fails: ['prune: an unfinished delivery is kept, however old'],
    wrong: ({ retention, deliveries }, state) => ({
      retention: {
        prune: async (request) => {
          if (request.attempts !== undefined) {
            for (const row of [...state.all.deliveries]) {
              await deliveries.cancel(row.event.tenantId, row.id)
            }
          }
          return retention.prune(request)
        },
      },
    }),
  },
  {
    name: 'prunes the young with the old',
    fails: [
      'prune: drops the payloads of old events, and keeps those of young ones',
      'prune: a dropped idempotency key is free again, a kept one is not',
      'prune: drops old attempts and finished deliveries, and keeps young ones',
    ],
    wrong: ({ retention }) => ({
      retention: {
        prune: ({ limit, ...ages }) =>
          retention.prune({
            limit,
            ...(ages.events === undefined ? {} : { events: -1 }),
            ...(ages.attempts === undefined ? {} : { attempts: -1 }),
          }),
      },
    }),
  },
  {
    name: 'keeps the idempotency key of a pruned payload',
    fails: ['prune: a dropped idempotency key is free again, a kept one is not'],
    wrong: ({ retention }, state) => ({
      retention: {
        prune: async (request) => {
          const keys = [...state.idempotency]
          const pruned = await retention.prune(request)
          for (const [key, row] of keys) state.idempotency.set(key, row)
          return pruned
        },
      },
    }),
  },
  {
    name: 'never drops an event',
    fails: ['prune: an event goes once it has neither payload nor delivery'],
    wrong: ({ retention }, state) => ({
      retention: {
        prune: async (request) => {
          const events = [...state.all.events]
          const pruned = await retention.prune(request)
          for (const row of events) state.events.set(keyOf(row.tenantId, row.id), row)
          return pruned
        },
      },
    }),
  },
  {
    name: 'takes an age that is not given for none',
    fails: ['prune: an age that is not given keeps for ever'],
    wrong: ({ retention }) => ({
      retention: { prune: (request) => retention.prune({ events: 0, attempts: 0, ...request }) },
    }),
  },
  {
    name: 'prunes beyond the limit',
    fails: [
      'prune: no call touches more rows of a kind than its limit, and repeated calls come to an end',
    ],
    wrong: ({ retention }) => ({
      retention: { prune: (request) => retention.prune({ ...request, limit: 1000 }) },
    }),
  },
  {
    name: 'never comes to an end of pruning',
    fails: [
      'prune: no call touches more rows of a kind than its limit, and repeated calls come to an end',
    ],
    wrong: ({ retention }) => ({
      retention: {
        prune: async (request) => ({ ...(await retention.prune(request)), payloads: 1 }),
      },
    }),
  },
]
