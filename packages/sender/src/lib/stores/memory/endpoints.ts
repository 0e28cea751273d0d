import { isDeepStrictEqual } from 'node:util'
import { WebhookError } from '@posthorn/schema'
import type { EndpointRecord } from '../../model/endpoint'
import type {
  EndpointQuery,
  EndpointTransition,
  NewEndpoint,
  Page,
  RememberedEndpoints,
} from '../../ports/endpoint-store'
import { transitioned } from '../transition'
import { arrange, catchUp, changeRow, createLane, lineUp, unfinishedIn } from './lanes'
import { newestFirst, pageOf } from './paging'
import { keyOf, type Lane } from './rows'
import { findLane, type MemoryState } from './state'
import { effectiveOrder } from './terms'

export function insertEndpoint(state: MemoryState, endpoint: NewEndpoint): EndpointRecord {
  const key = keyOf(endpoint.tenantId, endpoint.id)
  if (state.lanes.has(key)) {
    throw new WebhookError('store_failed', 'An endpoint of this id exists. Give each its own.')
  }
  const now = state.clock.now()
  const seq = ++state.counters.endpoints
  state.counters.changes += 1
  const lane = createLane({
    ...structuredClone(endpoint),
    seq,
    revision: 1,
    createdAt: now,
    updatedAt: now,
  })
  state.lanes.set(key, lane)
  lanesOf(state, endpoint.tenantId).add(lane)
  return lane.endpoint
}

/** In order of creation, as sets and maps keep it. */
function lanesOf(state: MemoryState, tenantId: string): Set<Lane> {
  const known = state.lanesOfTenant.get(tenantId)
  if (known) return known
  const lanes = new Set<Lane>()
  state.lanesOfTenant.set(tenantId, lanes)
  return lanes
}

export function endpointsOf(state: MemoryState, tenantId: string): readonly EndpointRecord[] {
  return [...(state.lanesOfTenant.get(tenantId) ?? [])].map((lane) => lane.endpoint)
}

/** As they are: nothing here is ever out of date. */
export const rememberedOf = (state: MemoryState, tenantId: string): RememberedEndpoints => ({
  mark: markOf(state),
  endpoints: endpointsOf(state, tenantId),
})

export const markOf = ({ counters }: MemoryState): string => String(counters.changes)

export function listEndpoints(state: MemoryState, query: EndpointQuery): Page<EndpointRecord> {
  const records =
    query.tenantId === undefined
      ? [...state.lanes.values()].map((lane) => lane.endpoint)
      : endpointsOf(state, query.tenantId)
  return pageOf('endpoints', newestFirst(records), query, {
    newestFirst: true,
    wants: () => true,
    toItem: (record) => record,
  })
}

export function replaceEndpoint(
  state: MemoryState,
  record: EndpointRecord,
): EndpointRecord | undefined {
  const lane = findLane(state, record.tenantId, record.id)
  if (lane?.endpoint.revision !== record.revision) return undefined
  return writeEndpoint(state, lane, structuredClone(record))
}

function writeEndpoint(state: MemoryState, lane: Lane, record: EndpointRecord): EndpointRecord {
  const { seq, revision, createdAt } = lane.endpoint
  const now = catchUp(state)
  const before = lane.endpoint
  state.counters.changes += 1
  lane.endpoint = { ...record, seq, createdAt, revision: revision + 1, updatedAt: now }
  if (!isDeepStrictEqual(before.rateLimit, record.rateLimit)) lane.paceDue = 0
  if (effectiveOrder(before) !== effectiveOrder(record)) lineUp(state, lane)
  arrange(state, lane, now)
  return lane.endpoint
}

export function removeEndpoint(state: MemoryState, tenantId: string, id: string): boolean {
  const lane = findLane(state, tenantId, id)
  if (!lane) return false
  const finishedAt = catchUp(state)
  for (const row of unfinishedIn(lane)) changeRow(state, row, { status: 'canceled', finishedAt })
  state.counters.changes += 1
  state.lanes.delete(keyOf(tenantId, id))
  lanesOf(state, tenantId).delete(lane)
  return true
}

export function transitionEndpoints(
  state: MemoryState,
  changes: readonly EndpointTransition[],
): readonly boolean[] {
  return changes.map((change) => {
    const lane = findLane(state, change.tenantId, change.id)
    if (!lane) return false
    const before = lane.endpoint
    const { record, turned } = transitioned(before, change, state.clock.now())
    if (record !== before) writeEndpoint(state, lane, record)
    return turned
  })
}
