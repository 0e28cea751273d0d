import type { AttemptRecord, DeliveryState, Progress } from '../../model/delivery'
import type { EndpointRecord } from '../../model/endpoint'
import type { EventState } from '../../model/event'
import type { Heap, HeapItem } from './heap'

/** A stored event. Rows are the store's own, and change in place; what leaves it is a record made from them. */
export interface EventRow extends HeapItem {
  readonly seq: number
  readonly tenantId: string
  readonly id: string
  readonly type: string
  readonly version: number
  readonly timestamp: number
  readonly recordedAt: number
  readonly orderingKey: string | undefined
  readonly metadata: Readonly<Record<string, string>>
  readonly horizon: number
  readonly deliveries: DeliveryRow[]
  /** Bodies in envelopes other than the canonical one. */
  readonly bodies: Map<string, Uint8Array>
  state: EventState
  body: Uint8Array | undefined
  idempotencyKey: string | undefined
  /** Deliveries to be made when it was fanned out, for the answer to a duplicate. */
  wanted: number
  /** Redeliveries under a message id of their own so far. */
  renewals: number
  token: string | undefined
  leasedUntil: number
}

/** A stored delivery. */
export interface DeliveryRow extends HeapItem {
  readonly seq: number
  readonly id: string
  readonly event: EventRow
  readonly endpointId: string
  /** Its endpoint's lane; undefined when there was no such endpoint, and then it never waits. */
  readonly lane: Lane | undefined
  readonly messageId: string
  readonly envelope: string | undefined
  readonly replayOf: string | undefined
  readonly createdAt: number
  /** Its place in the line of its ordering key, if it stands in one. */
  readonly position: number
  readonly attempts: AttemptRecord[]
  state: DeliveryState
  progress: Progress
  /** Kept under a lease too: an expired one goes back to its old place. */
  dueAt: number
  leasedUntil: number
  token: string | undefined
  /** Whether the present lease was claimed alone. */
  solo: boolean
  lastStatus: number | undefined
}

/** One endpoint with its unfinished deliveries. */
export interface Lane extends HeapItem {
  endpoint: EndpointRecord
  /** Pending and expired ones, the longest due first. */
  readonly ready: Heap<DeliveryRow>
  /** The same of those that were lost twice or more. */
  readonly suspects: Heap<DeliveryRow>
  /** Those under an unexpired lease. */
  readonly leased: Set<DeliveryRow>
  /** Its place among its tenant's lanes: set when it joins the line, and anew each time it is served. */
  turn: number
  soloTurn: number
  /** When a lane in the timer is to be looked at again. */
  wakeAt: number
  /** When the next request would begin, if each took its interval of the rate limit. */
  paceDue: number
  /** By ordering key; empty unless the endpoint is ordered. */
  readonly lines: Map<string, KeyLine>
}

/** The unfinished deliveries of one ordering key to one endpoint. */
export interface KeyLine {
  readonly key: string
  /** The only one that may be claimed: in its lane's heaps, or under a lease. */
  first: DeliveryRow | undefined
  readonly waiting: Heap<DeliveryRow>
  /** The failed delivery that keeps all of it waiting. */
  blockedBy: DeliveryRow | undefined
}

/** A tenant's log, oldest first. */
export interface TenantLog {
  readonly events: EventRow[]
  readonly deliveries: DeliveryRow[]
}

/** Both parts of a composite key, unambiguously. */
export const keyOf = (tenantId: string, id: string): string => `${tenantId.length}:${tenantId}${id}`

export function isUnfinished(row: DeliveryRow): boolean {
  return row.state.status === 'pending' || row.state.status === 'delivering'
}

/** Lost leases of a row that waits to be claimed, with the one that ran out and was not replaced yet. */
export function lossesOf(row: DeliveryRow): number {
  return row.progress.lost + (row.state.status === 'delivering' ? 1 : 0)
}
