import type { Clock } from '../../ports/clock'
import { Heap } from './heap'
import { Line } from './line'
import { type DeliveryRow, type EventRow, keyOf, type Lane, type TenantLog } from './rows'

/** All that a memory store holds. Operations are functions over it, one file for each port. */
export interface MemoryState {
  clock: Clock
  readonly counters: {
    seq: number
    endpoints: number
    /** Of all endpoints, whoever's: what `remembered` marks. */
    changes: number
    tokens: number
    turns: number
  }
  readonly events: Map<string, EventRow>
  readonly deliveries: Map<string, DeliveryRow>
  readonly idempotency: Map<string, EventRow>
  readonly lanes: Map<string, Lane>
  readonly lanesOfTenant: Map<string, Set<Lane>>
  readonly all: TenantLog
  readonly tenants: Map<string, TenantLog>
  /** Recorded events nobody holds, and those that somebody does. */
  readonly unmatched: Heap<EventRow>
  readonly matching: Heap<EventRow>
  /** The same by tenant and ordering key, oldest first. */
  readonly unmatchedOfKey: Map<string, Set<EventRow>>
  /** Lanes with due work, those with work for later, and those with suspects. */
  readonly healthyLine: Line
  readonly failingLine: Line
  readonly timer: Heap<Lane>
  readonly suspicious: Set<Lane>
  readonly leases: Heap<DeliveryRow>
}

export function createState(clock: Clock): MemoryState {
  return {
    clock,
    counters: { seq: 0, endpoints: 0, changes: 0, tokens: 0, turns: 0 },
    events: new Map(),
    deliveries: new Map(),
    idempotency: new Map(),
    lanes: new Map(),
    lanesOfTenant: new Map(),
    all: { events: [], deliveries: [] },
    tenants: new Map(),
    unmatched: new Heap((a, b) => a.seq < b.seq),
    matching: new Heap((a, b) => a.leasedUntil < b.leasedUntil),
    unmatchedOfKey: new Map(),
    healthyLine: new Line(),
    failingLine: new Line(),
    timer: new Heap((a, b) => a.wakeAt < b.wakeAt),
    suspicious: new Set(),
    leases: new Heap((a, b) => a.leasedUntil < b.leasedUntil),
  }
}

export const findLane = (state: MemoryState, tenantId: string, id: string): Lane | undefined =>
  state.lanes.get(keyOf(tenantId, id))

export const findEvent = (state: MemoryState, tenantId: string, id: string): EventRow | undefined =>
  state.events.get(keyOf(tenantId, id))

export const findDelivery = (
  state: MemoryState,
  tenantId: string,
  id: string,
): DeliveryRow | undefined => state.deliveries.get(keyOf(tenantId, id))

export function logOf(state: MemoryState, tenantId: string): TenantLog {
  const known = state.tenants.get(tenantId)
  if (known) return known
  const log: TenantLog = { events: [], deliveries: [] }
  state.tenants.set(tenantId, log)
  return log
}

/** Every lease has a token of its own. */
export const newToken = (state: MemoryState): string => String(++state.counters.tokens)
