import { keyOf } from '../../stores/memory/rows'
import { findLane } from '../../stores/memory/state'
import type { BrokenStore } from './broken-store'

export const brokenEndpoints: readonly BrokenStore[] = [
  {
    name: 'replaces without the revision',
    fails: [
      'endpoints: replace writes nothing over a newer revision',
      'endpoints: of concurrent replaces exactly one is written',
      'transition: a write between makes a replace stale',
    ],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        replace: (record) => {
          const lane = findLane(state, record.tenantId, record.id)
          return endpoints.replace({
            ...record,
            revision: lane?.endpoint.revision ?? record.revision,
          })
        },
      },
    }),
  },
  {
    name: 'keeps what a replace left out',
    fails: ['endpoints: replace writes the record, and raises the revision'],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        replace: (record) => {
          const lane = findLane(state, record.tenantId, record.id)
          return endpoints.replace({ ...lane?.endpoint, ...record })
        },
      },
    }),
  },
  {
    name: 'brings a removed endpoint back on replace',
    fails: ['endpoints: replace of an endpoint that is gone answers undefined'],
    wrong: ({ endpoints }) => ({
      endpoints: {
        replace: async (record) => {
          if (await endpoints.get(record.tenantId, record.id)) return endpoints.replace(record)
          return endpoints.insert(record)
        },
      },
    }),
  },
  {
    name: 'writes an endpoint in two steps',
    fails: ['endpoints: of concurrent replaces exactly one is written'],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        replace: async (record) => {
          const lane = findLane(state, record.tenantId, record.id)
          if (lane?.endpoint.revision !== record.revision) return undefined
          await Promise.resolve()
          return endpoints.replace({ ...record, revision: lane.endpoint.revision })
        },
      },
    }),
  },
  {
    name: 'leaves the deliveries of a removed endpoint in the queue',
    fails: [
      'endpoints: remove deletes once, and cancels what is unfinished',
      "endpoints: another handle's pause and removal hold for the next claim",
    ],
    wrong: (_, state) => ({
      endpoints: {
        remove: async (tenantId, id) => {
          const lane = findLane(state, tenantId, id)
          if (lane) state.lanesOfTenant.get(tenantId)?.delete(lane)
          return state.lanes.delete(keyOf(tenantId, id))
        },
      },
    }),
  },
  {
    name: 'uses the place of a deleted endpoint again',
    fails: ['endpoints: seq ascends, above deleted ones too'],
    wrong: ({ endpoints }, state) => ({
      endpoints: {
        insert: (endpoint) => {
          const seqs = [...state.lanes.values()].map((lane) => lane.endpoint.seq)
          state.counters.endpoints = Math.max(0, ...seqs)
          return endpoints.insert(endpoint)
        },
      },
    }),
  },
  {
    name: 'keeps no secrets’ ends',
    fails: ['endpoints: insert keeps every field, and gives seq, revision and times'],
    wrong: ({ endpoints }) => ({
      endpoints: {
        insert: (endpoint) =>
          endpoints.insert({
            ...endpoint,
            secrets: endpoint.secrets.map(({ expiresAt: _, ...secret }) => secret),
          }),
      },
    }),
  },
  {
    name: 'answers another tenant’s endpoint',
    fails: ["endpoints: another tenant's id is as unknown"],
    wrong: (_, state) => ({
      endpoints: {
        get: async (_tenantId, id) =>
          [...state.lanes.values()].find((lane) => lane.endpoint.id === id)?.endpoint,
      },
    }),
  },
  {
    name: 'lists endpoints by offset',
    fails: ['endpoints: paging keeps every endpoint while others come and go'],
    wrong: ({ endpoints }) => ({
      endpoints: {
        list: async ({ cursor, limit, ...query }) => {
          if (cursor !== undefined && !/^\d+$/.test(cursor))
            return endpoints.list({ cursor, limit })
          const from = Number(cursor ?? 0)
          const { items } = await endpoints.list({ ...query, limit: 1000 })
          const more = items.length > from + limit
          return {
            items: items.slice(from, from + limit),
            ...(more ? { cursor: String(from + limit) } : {}),
          }
        },
      },
    }),
  },
  {
    name: 'lists the oldest endpoint first',
    fails: ['endpoints: list comes newest first, the last page without a cursor'],
    wrong: ({ endpoints }) => ({
      endpoints: {
        list: async (query) => {
          const { items, ...page } = await endpoints.list(query)
          return { ...page, items: [...items].reverse() }
        },
      },
    }),
  },
  {
    name: 'leaves disabled endpoints out of a tenant’s',
    fails: ['endpoints: forTenant answers every endpoint, as committed by any handle'],
    wrong: ({ endpoints }) => ({
      endpoints: {
        forTenant: async (tenantId) =>
          (await endpoints.forTenant(tenantId)).filter(({ status }) => status !== 'disabled'),
      },
    }),
  },
]
