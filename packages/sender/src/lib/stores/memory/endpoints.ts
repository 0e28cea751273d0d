import { isDeepStrictEqual } from 'node:util'
import { WebhookError } from '@posthorn/schema'
import type { EndpointRecord } from '../../model/endpoint'
import type {
  EndpointQuery,
  EndpointTransition,
  NewEndpoint,
  Page,
} from '../../ports/endpoint-store'
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
    if (!lane || !stillHolds(lane.endpoint, change)) return false
    const now = state.clock.now()
    const before = lane.endpoint
    const turned = disabled(healed(before, change, now), change)
    const after = putOff(throttled(turned, change, now), change, now)
    if (after !== before) writeEndpoint(state, lane, after)
    return turned !== before
  })
}

function stillHolds(record: EndpointRecord, { onlyIf = {} }: EndpointTransition): boolean {
  const { failingSince, url } = onlyIf
  if (url !== undefined && url !== record.url) return false
  if (failingSince === undefined) return true
  return record.health.state === 'failing' && record.health.since === failingSince
}

function healed(
  record: EndpointRecord,
  { health }: EndpointTransition,
  now: number,
): EndpointRecord {
  if (!health || health.from !== record.health.state || health.to === record.health.state) {
    return record
  }
  return {
    ...record,
    health: health.to === 'failing' ? { state: 'failing', since: now } : { state: 'healthy' },
  }
}

function disabled(record: EndpointRecord, { disable }: EndpointTransition): EndpointRecord {
  if (!disable || record.status === 'disabled') return record
  return { ...record, status: 'disabled', disabledReason: disable }
}

function throttled(
  record: EndpointRecord,
  { throttleForMs }: EndpointTransition,
  now: number,
): EndpointRecord {
  if (throttleForMs === undefined) return record
  const until = now + throttleForMs
  return until > (record.throttledUntil ?? 0) ? { ...record, throttledUntil: until } : record
}

function putOff(
  record: EndpointRecord,
  { probeInMs }: EndpointTransition,
  now: number,
): EndpointRecord {
  const { health } = record
  if (probeInMs === undefined || health.state === 'healthy') return record
  const probeAt = now + probeInMs
  return probeAt > (health.probeAt ?? 0) ? { ...record, health: { ...health, probeAt } } : record
}
