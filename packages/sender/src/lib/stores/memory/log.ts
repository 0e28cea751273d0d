import type { AttemptRecord, DeliveryRecord } from '../../model/delivery'
import type { EventRecord } from '../../model/event'
import type {
  DeliveryQuery,
  EventQuery,
  HistoryItem,
  HistoryQuery,
  Statistics,
} from '../../ports/delivery-log'
import type { Page } from '../../ports/endpoint-store'
import { newestFirst, pageOf } from './paging'
import { toDeliveryRecord, toEventRecord } from './records'
import type { DeliveryRow, EventRow, TenantLog } from './rows'
import { findDelivery, type MemoryState } from './state'

const NO_LOG: TenantLog = { events: [], deliveries: [] }

function logFor(state: MemoryState, tenantId: string | undefined): TenantLog {
  return tenantId === undefined ? state.all : (state.tenants.get(tenantId) ?? NO_LOG)
}

/** A filter that was not given lets everything pass. */
const fits = (wanted: unknown, value: unknown): boolean => wanted === undefined || wanted === value

const within = (range: { since?: number; until?: number }, time: number): boolean =>
  time >= (range.since ?? Number.NEGATIVE_INFINITY) &&
  time < (range.until ?? Number.POSITIVE_INFINITY)

export function listDeliveries(state: MemoryState, query: DeliveryQuery): Page<DeliveryRecord> {
  return pageOf('deliveries', newestFirst(logFor(state, query.tenantId).deliveries), query, {
    newestFirst: true,
    wants: (row: DeliveryRow) =>
      fits(query.status, row.state.status) &&
      fits(query.endpointId, row.endpointId) &&
      fits(query.eventId, row.event.id) &&
      fits(query.type, row.event.type) &&
      within(query, row.createdAt),
    toItem: toDeliveryRecord,
  })
}

export function listEvents(state: MemoryState, query: EventQuery): Page<EventRecord> {
  return pageOf('events', newestFirst(logFor(state, query.tenantId).events), query, {
    newestFirst: true,
    wants: (row: EventRow) =>
      fits(query.state, row.state.state) &&
      fits(query.type, row.type) &&
      within(query, row.recordedAt),
    toItem: toEventRecord,
  })
}

export function listHistory(state: MemoryState, query: HistoryQuery): Page<HistoryItem> {
  return pageOf('history', logFor(state, query.tenantId).events, query, {
    newestFirst: false,
    wants: (row: EventRow) =>
      (query.types === undefined || query.types.includes(row.type)) &&
      within(query, row.recordedAt),
    toItem: (row) => ({
      event: toEventRecord(row),
      deliveries: row.deliveries
        .filter(({ endpointId }) => endpointId === query.endpointId)
        .map(toDeliveryRecord),
    }),
  })
}

export function listAttempts(
  state: MemoryState,
  tenantId: string,
  deliveryId: string,
): readonly AttemptRecord[] {
  const attempts = findDelivery(state, tenantId, deliveryId)?.attempts ?? []
  return [...attempts].sort((a, b) => a.number - b.number || a.startedAt - b.startedAt)
}

export function countAll(state: MemoryState, tenantId: string | undefined): Statistics {
  const now = state.clock.now()
  const log = logFor(state, tenantId)
  const counts = { pending: 0, delivering: 0, succeeded: 0, failed: 0, skipped: 0, canceled: 0 }
  let due = 0
  let longestDue = now
  for (const row of log.deliveries) {
    counts[row.state.status] += 1
    if (row.state.status !== 'pending' || row.dueAt > now) continue
    due += 1
    longestDue = Math.min(longestDue, row.dueAt)
  }
  return {
    ...counts,
    due,
    recorded: log.events.filter((row) => row.state.state === 'recorded').length,
    oldestDueAgeMs: due === 0 ? undefined : now - longestDue,
    endpoints: countEndpoints(state, tenantId),
  }
}

function countEndpoints(state: MemoryState, tenantId: string | undefined): Statistics['endpoints'] {
  const lanes = tenantId === undefined ? state.lanes.values() : state.lanesOfTenant.get(tenantId)
  const counts = { enabled: 0, paused: 0, disabled: 0 }
  for (const { endpoint } of lanes ?? []) counts[endpoint.status] += 1
  return counts
}
