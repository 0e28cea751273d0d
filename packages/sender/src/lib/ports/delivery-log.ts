import type { AttemptRecord, DeliveryRecord, DeliveryStatus } from '../model/delivery'
import type { EndpointStatus } from '../model/endpoint'
import type { EventRecord } from '../model/event'
import type { Page } from './endpoint-store'

/** `tenantId` absent: all tenants, for the operator. Times in the store's milliseconds, `since` inclusive, `until` exclusive. */
export interface DeliveryQuery {
  readonly tenantId?: string
  readonly status?: DeliveryStatus
  readonly endpointId?: string
  readonly eventId?: string
  readonly type?: string
  readonly since?: number
  readonly until?: number
  readonly limit: number
  readonly cursor?: string
}

export interface EventQuery {
  readonly tenantId?: string
  readonly type?: string
  readonly state?: EventRecord['state']['state']
  readonly since?: number
  readonly until?: number
  readonly limit: number
  readonly cursor?: string
}

/** The events of a tenant in a time range, oldest first, each with what one endpoint got of it. */
export interface HistoryQuery {
  readonly tenantId: string
  readonly endpointId: string
  /** Exact types; absent for all. */
  readonly types?: readonly string[]
  readonly since: number
  readonly until: number
  readonly limit: number
  readonly cursor?: string
}

export interface HistoryItem {
  readonly event: EventRecord
  /** The states of every delivery of the event to the endpoint, oldest first; empty when it never had one. */
  readonly deliveries: readonly DeliveryRecord[]
}

export interface Statistics {
  /** `pending` and due. */
  readonly due: number
  readonly pending: number
  readonly delivering: number
  readonly succeeded: number
  readonly failed: number
  readonly skipped: number
  readonly canceled: number
  /** Events recorded and not matched yet. */
  readonly recorded: number
  /** Age of the longest due delivery, in milliseconds; undefined when nothing is due. */
  readonly oldestDueAgeMs: number | undefined
  /** How many endpoints there are, by status; deleted ones are not counted. */
  readonly endpoints: Readonly<Record<EndpointStatus, number>>
}

/**
 * Reads.
 *
 * Laws: a named tenant's answer never holds another's row; paging neither repeats nor skips a row that existed when it began, even while
 * deliveries finish and new ones arrive; deliveries and events come newest first, attempts and history oldest first; a history read to its end
 * misses no event committed before its last page, and what was committed behind the reader may come last; a malformed cursor is a
 * `WebhookError` `invalid_argument`.
 */
export interface DeliveryLog {
  list(query: DeliveryQuery): Promise<Page<DeliveryRecord>>
  get(tenantId: string, deliveryId: string): Promise<DeliveryRecord | undefined>
  attempts(tenantId: string, deliveryId: string): Promise<readonly AttemptRecord[]>
  event(tenantId: string, eventId: string): Promise<EventRecord | undefined>
  events(query: EventQuery): Promise<Page<EventRecord>>
  history(query: HistoryQuery): Promise<Page<HistoryItem>>
  statistics(tenantId?: string): Promise<Statistics>
}
