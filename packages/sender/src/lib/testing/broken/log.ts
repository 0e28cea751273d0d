import type { DeliveryLog } from '../../ports/delivery-log'
import type { BrokenStore } from './broken-store'

export const brokenLogs: readonly BrokenStore[] = [
  reading(
    'lists the deliveries of all tenants',
    (log) => ({ list: ({ tenantId: _, ...query }) => log.list(query) }),
    ["log: a tenant's answer never holds another's row"],
  ),
  reading(
    'lists the events of all tenants',
    (log) => ({ events: ({ tenantId: _, ...query }) => log.events(query) }),
    ["log: a tenant's answer never holds another's row"],
  ),
  reading(
    'reads another tenant’s delivery',
    (log) => ({
      get: async (_, id) => {
        const { items } = await log.list({ limit: 1000 })
        return items.find((item) => item.id === id)
      },
    }),
    ["log: a tenant's answer never holds another's row"],
  ),
  reading('counts all tenants together', (log) => ({ statistics: () => log.statistics() }), [
    "log: a tenant's answer never holds another's row",
  ]),
  reading(
    'shows the operator one tenant only',
    (log) => ({ list: (query) => log.list({ tenantId: 'acme', ...query }) }),
    ['log: the operator reads all tenants'],
  ),
  reading(
    'lists the oldest first',
    (log) => ({
      list: async (query) => {
        const { items, ...page } = await log.list(query)
        return { ...page, items: [...items].reverse() }
      },
    }),
    ['log: deliveries come newest first, the last page without a cursor'],
  ),
  reading(
    'skips a row at each page’s end',
    (log) => ({
      list: async (query) => {
        const { items, ...page } = await log.list({ ...query, limit: query.limit + 1 })
        return { ...page, items: items.slice(0, query.limit) }
      },
    }),
    [
      'log: deliveries come newest first, the last page without a cursor',
      'log: paging a filtered list keeps every row',
    ],
  ),
  reading(
    'pages by offset',
    (log) => ({
      list: async ({ cursor, limit, ...query }) => {
        if (cursor !== undefined && !/^\d+$/.test(cursor)) return log.list({ cursor, limit })
        const from = Number(cursor ?? 0)
        const { items } = await log.list({ ...query, limit: 1000 })
        const page = items.slice(from, from + limit)
        const more = items.length > from + limit
        return { items: page, ...(more ? { cursor: String(from + limit) } : {}) }
      },
    }),
    ['log: paging keeps every row while deliveries finish and new ones arrive'],
  ),
  reading(
    'gives the last page a cursor',
    (log) => ({ list: async (query) => ({ cursor: 'deliveries:0', ...(await log.list(query)) }) }),
    ['log: deliveries come newest first, the last page without a cursor'],
  ),
  reading(
    'starts over at a malformed cursor',
    (log) => ({
      list: ({ cursor, ...query }) =>
        log.list(cursor?.startsWith('deliveries:') ? { ...query, cursor } : query),
    }),
    ['log: a malformed cursor is an invalid argument'],
  ),
  reading(
    'holds a range’s end',
    (log) => ({
      list: ({ until, ...query }) =>
        log.list(until === undefined ? query : { ...query, until: until + 1 }),
    }),
    ['log: a time range holds its start and not its end'],
  ),
  reading(
    'leaves a range’s start out',
    (log) => ({
      list: ({ since, ...query }) =>
        log.list(since === undefined ? query : { ...query, since: since + 1 }),
    }),
    ['log: a time range holds its start and not its end'],
  ),
  reading(
    'filters by one thing at a time',
    (log) => ({
      list: ({ status, ...query }) =>
        log.list(query.endpointId === undefined && status ? { ...query, status } : query),
    }),
    ['log: deliveries are found by endpoint, event, type and status'],
  ),
  reading(
    'sorts attempts as text',
    (log) => ({
      attempts: async (tenantId, id) =>
        [...(await log.attempts(tenantId, id))].sort((a, b) =>
          String(a.number) < String(b.number) ? -1 : 1,
        ),
    }),
    ['log: attempts come oldest first'],
  ),
  reading(
    'ignores the state of events',
    (log) => ({ events: ({ state: _, ...query }) => log.events(query) }),
    ['log: events come newest first, found by type, state and time'],
  ),
  reading(
    'takes types in a history for prefixes',
    (log) => ({
      history: async ({ types, ...query }) => {
        const page = await log.history(query)
        const items = page.items.filter(
          ({ event }) => !types || types.some((type) => event.type.startsWith(type)),
        )
        return { ...page, items }
      },
    }),
    ['history: exact types and a range that holds its start and not its end'],
  ),
  reading(
    'leaves out of a history what the endpoint never had',
    (log) => ({
      history: async (query) => {
        const page = await log.history(query)
        return { ...page, items: page.items.filter(({ deliveries }) => deliveries.length > 0) }
      },
    }),
    ['history: events come oldest first, each with what the endpoint got of it'],
  ),
  reading(
    'ends a history after one page',
    (log) => ({
      history: async (query) => {
        const { items } = await log.history(query)
        return { items }
      },
    }),
    ['history: paging keeps every event while deliveries come and go'],
  ),
  reading(
    'takes what is pending for due',
    (log) => ({
      statistics: async (tenantId) => {
        const statistics = await log.statistics(tenantId)
        return { ...statistics, due: statistics.pending }
      },
    }),
    ['log: statistics count deliveries by status, and events that wait'],
  ),
  reading(
    'counts an empty queue as one',
    (log) => ({
      statistics: async (tenantId) => {
        const statistics = await log.statistics(tenantId)
        return { ...statistics, pending: Math.max(1, statistics.pending) }
      },
    }),
    ['log: statistics of a store with nothing in it are all 0'],
  ),
  reading(
    'measures age from the epoch',
    (log) => ({
      statistics: async (tenantId) => {
        const { oldestDueAgeMs, ...rest } = await log.statistics(tenantId)
        return { ...rest, oldestDueAgeMs: oldestDueAgeMs && Date.now() }
      },
    }),
    ['log: statistics tell how long the longest due has waited'],
  ),
  reading(
    'counts the endpoints of all tenants',
    (log) => ({
      statistics: async (tenantId) => {
        const { endpoints } = await log.statistics()
        return { ...(await log.statistics(tenantId)), endpoints }
      },
    }),
    ['log: statistics count endpoints by the status that they have now'],
  ),
  reading(
    'counts paused endpoints as disabled',
    (log) => ({
      statistics: async (tenantId) => {
        const { endpoints, ...rest } = await log.statistics(tenantId)
        const disabled = endpoints.disabled + endpoints.paused
        return { ...rest, endpoints: { ...endpoints, disabled, paused: 0 } }
      },
    }),
    ['log: statistics count endpoints by the status that they have now'],
  ),
  reading(
    'rejects what it does not know',
    (log) => ({
      get: async (tenantId, id) => {
        const found = await log.get(tenantId, id)
        if (!found) throw new TypeError('no such delivery')
        return found
      },
    }),
    ['log: what is unknown is undefined, and has no attempts'],
  ),
]

function reading(
  name: string,
  read: (log: DeliveryLog) => Partial<DeliveryLog>,
  fails: BrokenStore['fails'],
): BrokenStore {
  return { name, fails, wrong: ({ log }) => ({ log: read(log) }) }
}
