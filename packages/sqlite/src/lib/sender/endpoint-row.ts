import type { EndpointRecord } from '@posthorn/sender'
import {
  compact,
  disabledReasons,
  endpointStatuses,
  orderPolicies,
  paceOf,
} from '@posthorn/sender/store'
import type { SqliteValue } from '../sqlite-like'
import {
  int,
  json,
  oneOf,
  optionalInt,
  optionalJson,
  optionalOneOf,
  optionalText,
  type Row,
  strings,
  text,
} from '../values'
import type { LaneState } from './lanes'

/** Columns that an endpoint's own fields fill, in the order of `fieldsOf`. */
export const FIELDS = [
  'url',
  'name',
  'description',
  'event_types',
  'filter',
  'status',
  'disabled_reason',
  'failing_since',
  'throttled_until',
  'headers',
  'retry',
  'timeout_ms',
  'envelope',
  'schemes',
  'secrets',
  'metadata',
  'sealed_headers',
  '"authorization"',
  'tls',
  'rate_limit',
  'ordered',
  'probe_at',
] as const

type Fields = Omit<
  EndpointRecord,
  'tenantId' | 'id' | 'seq' | 'revision' | 'createdAt' | 'updatedAt'
>

export function fieldsOf(endpoint: Fields): readonly SqliteValue[] {
  return [
    endpoint.url,
    endpoint.name ?? null,
    endpoint.description ?? null,
    JSON.stringify(endpoint.eventTypes),
    optionalJsonOf(endpoint.filter),
    endpoint.status,
    endpoint.disabledReason ?? null,
    endpoint.health.state === 'failing' ? whole(endpoint.health.since) : null,
    endpoint.throttledUntil === undefined ? null : whole(endpoint.throttledUntil),
    JSON.stringify(endpoint.headers),
    optionalJsonOf(endpoint.retry),
    endpoint.timeoutMs === undefined ? null : whole(endpoint.timeoutMs),
    endpoint.envelope ?? null,
    optionalJsonOf(endpoint.schemes),
    JSON.stringify(endpoint.secrets),
    JSON.stringify(endpoint.metadata),
    optionalJsonOf(endpoint.sealedHeaders),
    optionalJsonOf(endpoint.authorization),
    optionalJsonOf(endpoint.tls),
    optionalJsonOf(endpoint.rateLimit),
    endpoint.ordered ?? null,
    probeAtOf(endpoint),
  ]
}

function probeAtOf({ health }: Pick<EndpointRecord, 'health'>): number | null {
  return health.state === 'failing' && health.probeAt !== undefined ? whole(health.probeAt) : null
}

const optionalJsonOf = (value: unknown): string | null =>
  value === undefined ? null : JSON.stringify(value)

const whole = (time: number): number => Math.round(time)

export function toEndpoint(row: Row): EndpointRecord {
  return compact({
    tenantId: text(row, 'tenant_id'),
    id: text(row, 'id'),
    seq: int(row, 'seq'),
    revision: int(row, 'revision'),
    url: text(row, 'url'),
    name: optionalText(row, 'name'),
    description: optionalText(row, 'description'),
    eventTypes: json<EndpointRecord['eventTypes']>(row, 'event_types'),
    filter: optionalJson<NonNullable<EndpointRecord['filter']>>(row, 'filter'),
    status: oneOf(row, 'status', endpointStatuses),
    disabledReason: optionalOneOf(row, 'disabled_reason', disabledReasons),
    health: toHealth(row),
    throttledUntil: optionalInt(row, 'throttled_until'),
    headers: strings(row, 'headers'),
    sealedHeaders: optionalJson<NonNullable<EndpointRecord['sealedHeaders']>>(
      row,
      'sealed_headers',
    ),
    authorization: optionalJson<NonNullable<EndpointRecord['authorization']>>(row, 'authorization'),
    tls: optionalJson<NonNullable<EndpointRecord['tls']>>(row, 'tls'),
    rateLimit: optionalJson<NonNullable<EndpointRecord['rateLimit']>>(row, 'rate_limit'),
    ordered: optionalOneOf(row, 'ordered', orderPolicies),
    retry: optionalJson<NonNullable<EndpointRecord['retry']>>(row, 'retry'),
    timeoutMs: optionalInt(row, 'timeout_ms'),
    envelope: optionalText(row, 'envelope'),
    schemes: optionalJson<NonNullable<EndpointRecord['schemes']>>(row, 'schemes'),
    secrets: json<EndpointRecord['secrets']>(row, 'secrets'),
    metadata: strings(row, 'metadata'),
    createdAt: int(row, 'created_at'),
    updatedAt: int(row, 'updated_at'),
  })
}

function toHealth(row: Row): EndpointRecord['health'] {
  const since = optionalInt(row, 'failing_since')
  if (since === undefined) return { state: 'healthy' }
  return compact({ state: 'failing' as const, since, probeAt: optionalInt(row, 'probe_at') })
}

/** A disabled endpoint gets no requests: but for a throttle, nothing holds back the deliveries that are claimed to be skipped. */
export function laneStateOf(endpoint: EndpointRecord): LaneState {
  const { seq: lane, status, health, rateLimit } = endpoint
  const throttledUntil = whole(endpoint.throttledUntil ?? 0)
  const failing = health.state === 'failing'
  if (status === 'disabled') return { lane, failing, opensAt: throttledUntil }
  return compact({
    lane,
    failing,
    opensAt: status === 'paused' ? null : Math.max(throttledUntil, probeAtOf(endpoint) ?? 0),
    failingSince: health.state === 'failing' ? whole(health.since) : undefined,
    pace: rateLimit && paceOf(rateLimit),
  })
}
