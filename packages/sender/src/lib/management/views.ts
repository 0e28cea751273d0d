import type { Duration, ValidationIssue } from '@posthorn/schema'
import type {
  AttemptRecord,
  DeliveryRecord,
  DeliveryStatus,
  FailureReason,
  SkipReason,
} from '../model/delivery'
import type {
  DisabledReason,
  EndpointRecord,
  EndpointStatus,
  Health,
  OrderPolicy,
} from '../model/endpoint'
import type { EventRecord, EventState } from '../model/event'
import type { Filter } from '../model/filter'
import type { RetryPolicy } from '../model/retry-schedule'
import {
  type AuthorizationView,
  type TlsView,
  viewAuthorization,
  viewTls,
} from './endpoint-credentials'
import { type HeaderView, viewHeaders } from './endpoint-headers'
import { type EndpointRateLimit, viewRateLimit } from './endpoint-terms'

/** An endpoint as its owner sees it. Secrets appear by id only. */
export interface Endpoint {
  readonly id: string
  readonly tenantId: string
  readonly url: string
  readonly name?: string
  readonly description?: string
  readonly eventTypes: readonly string[]
  readonly filter?: Filter
  readonly status: EndpointStatus
  readonly disabledReason?: DisabledReason
  readonly health: Health['state']
  /** Since when it has been failing. */
  readonly failingSince?: Date
  /** Nothing is sent to it before, unless it turns healthy: it has long been failing. */
  readonly nextProbeAt?: Date
  readonly throttledUntil?: Date
  /** Sensitive ones by name. */
  readonly headers: Readonly<Record<string, HeaderView>>
  /** Where it differs from the sender's; milliseconds. */
  readonly retry?: Partial<RetryPolicy>
  readonly timeout?: Duration
  readonly rateLimit?: EndpointRateLimit
  readonly ordered?: OrderPolicy
  /** Without its secrets. */
  readonly authorization?: AuthorizationView
  readonly tls?: TlsView
  readonly envelope?: string
  readonly schemes?: readonly string[]
  /** The current secret first. */
  readonly secrets: readonly SecretView[]
  readonly metadata: Readonly<Record<string, string>>
  readonly createdAt: Date
  readonly updatedAt: Date
}

/** A secret of an endpoint, without the secret. */
export interface SecretView {
  readonly id: string
  readonly createdAt: Date
  /** When it stops signing; absent for the current one. */
  readonly expiresAt?: Date
}

/** A delivery, with where it stands. */
export interface Delivery {
  readonly id: string
  readonly tenantId: string
  readonly eventId: string
  readonly endpointId: string
  readonly type: string
  /** What the wire carries as `webhook-id`. */
  readonly messageId: string
  readonly status: DeliveryStatus
  /** Why it failed or was skipped. */
  readonly reason?: FailureReason | SkipReason
  /** How often a worker took it up, whether or not it came to a request: it was skipped then, or the worker was lost. */
  readonly attempts: number
  /** HTTP status of the last answer. */
  readonly lastStatus?: number
  readonly createdAt: Date
  /** When a pending delivery is next attempted. */
  readonly dueAt?: Date
  readonly finishedAt?: Date
  /** The delivery that this one replays. */
  readonly replayOf?: string
}

/** One request of a delivery. */
export interface Attempt extends Omit<AttemptRecord, 'startedAt'> {
  readonly startedAt: Date
}

/** An event as it was recorded. */
export interface StoredEvent {
  readonly id: string
  readonly tenantId: string
  readonly type: string
  readonly version: number
  readonly timestamp: Date
  readonly recordedAt: Date
  readonly state: EventState['state']
  /** Why an `invalid` event could not be matched. */
  readonly issues?: readonly ValidationIssue[]
  /** The bytes that are sent; undefined once pruned. */
  readonly body: Uint8Array | undefined
  readonly idempotencyKey?: string
  readonly orderingKey?: string
  readonly metadata: Readonly<Record<string, string>>
}

export function viewEndpoint(record: EndpointRecord): Endpoint {
  const {
    seq: _seq,
    revision: _revision,
    sealedHeaders: _sealedHeaders,
    authorization,
    tls,
    timeoutMs,
    rateLimit,
    throttledUntil,
    ...rest
  } = record
  return {
    ...rest,
    headers: viewHeaders(record),
    ...viewHealth(record.health),
    ...(throttledUntil === undefined ? {} : { throttledUntil: new Date(throttledUntil) }),
    ...(timeoutMs === undefined ? {} : { timeout: `${timeoutMs}ms` as const }),
    ...(rateLimit === undefined ? {} : { rateLimit: viewRateLimit(rateLimit) }),
    ...(authorization === undefined ? {} : { authorization: viewAuthorization(authorization) }),
    ...(tls === undefined ? {} : { tls: viewTls(tls) }),
    secrets: record.secrets.map(({ id, createdAt, expiresAt }) => ({
      id,
      createdAt: new Date(createdAt),
      ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
    })),
    createdAt: new Date(record.createdAt),
    updatedAt: new Date(record.updatedAt),
  }
}

function viewHealth(health: Health): Pick<Endpoint, 'health' | 'failingSince' | 'nextProbeAt'> {
  if (health.state === 'healthy') return { health: 'healthy' }
  const { since, probeAt } = health
  return {
    health: 'failing',
    failingSince: new Date(since),
    ...(probeAt === undefined ? {} : { nextProbeAt: new Date(probeAt) }),
  }
}

export function viewDelivery(record: DeliveryRecord): Delivery {
  const { state, progress, eventType, createdAt, ...rest } = record
  return {
    ...rest,
    type: eventType,
    status: state.status,
    ...('reason' in state ? { reason: state.reason } : {}),
    attempts: progress.attempt,
    createdAt: new Date(createdAt),
    ...('dueAt' in state ? { dueAt: new Date(state.dueAt) } : {}),
    ...('finishedAt' in state ? { finishedAt: new Date(state.finishedAt) } : {}),
  }
}

export function viewAttempt(record: AttemptRecord): Attempt {
  return { ...record, startedAt: new Date(record.startedAt) }
}

/** As a tenant may see it where the host's network must not be mapped: blocked reads as refused does. */
export function viewConcealed(record: AttemptRecord): Attempt {
  const isBlocked = record.outcome === 'forbidden_address'
  return viewAttempt(isBlocked ? { ...record, outcome: 'network' } : record)
}

export function viewEvent(record: EventRecord): StoredEvent {
  const { state, timestamp, recordedAt, ...rest } = record
  return {
    ...rest,
    timestamp: new Date(timestamp),
    recordedAt: new Date(recordedAt),
    state: state.state,
    ...(state.state === 'invalid' ? { issues: state.issues } : {}),
  }
}
