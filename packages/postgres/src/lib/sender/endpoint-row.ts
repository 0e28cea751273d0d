import type { EndpointRecord, NewEndpoint } from '@posthorn/sender'
import { compact, disabledReasons, endpointStatuses, orderPolicies } from '@posthorn/sender/store'
import { int, json, oneOf, optionalInt, optionalOneOf, type Row, text } from '../values'

/** What no statement looks at: one JSON text. */
type Settings = Pick<
  EndpointRecord,
  | 'name'
  | 'description'
  | 'eventTypes'
  | 'filter'
  | 'headers'
  | 'sealedHeaders'
  | 'authorization'
  | 'tls'
  | 'retry'
  | 'timeoutMs'
  | 'envelope'
  | 'schemes'
  | 'secrets'
  | 'metadata'
>

/** A row as the functions of the schema take it. Times are whole milliseconds. */
export function fromEndpoint(endpoint: NewEndpoint | EndpointRecord) {
  const { tenantId, id, url, status, disabledReason, health, throttledUntil, ordered, rateLimit } =
    endpoint
  const failing = health.state === 'failing' ? health : undefined
  return {
    tenantId,
    id,
    url,
    status,
    disabledReason,
    failingSince: whole(failing?.since),
    probeAt: whole(failing?.probeAt),
    throttledUntil: whole(throttledUntil),
    ordered,
    rateLimit: rateLimit?.limit,
    ratePerMs: rateLimit?.perMs,
    settings: JSON.stringify(settingsOf(endpoint)),
    ...('revision' in endpoint && { revision: endpoint.revision }),
  }
}

const whole = (time: number | undefined): number | undefined =>
  time === undefined ? undefined : Math.round(time)

function settingsOf(endpoint: NewEndpoint | EndpointRecord): Settings {
  const { name, description, eventTypes, filter, headers, sealedHeaders, authorization } = endpoint
  const { tls, retry, timeoutMs, envelope, schemes, secrets, metadata } = endpoint
  return compact({
    ...{ name, description, eventTypes, filter, headers, sealedHeaders, authorization },
    ...{ tls, retry, timeoutMs, envelope, schemes, secrets, metadata },
  })
}

export function toEndpoint(row: Row): EndpointRecord {
  const limit = optionalInt(row, 'rate_limit')
  return compact({
    ...json<Settings>(row, 'settings'),
    tenantId: text(row, 'tenant_id'),
    id: text(row, 'id'),
    seq: int(row, 'lane'),
    revision: int(row, 'revision'),
    url: text(row, 'url'),
    status: oneOf(row, 'status', endpointStatuses),
    disabledReason: optionalOneOf(row, 'disabled_reason', disabledReasons),
    health: toHealth(row),
    throttledUntil: optionalInt(row, 'throttled_until'),
    rateLimit: limit === undefined ? undefined : { limit, perMs: int(row, 'rate_per_ms') },
    ordered: optionalOneOf(row, 'ordered', orderPolicies),
    createdAt: int(row, 'created_at'),
    updatedAt: int(row, 'updated_at'),
  })
}

function toHealth(row: Row): EndpointRecord['health'] {
  const since = optionalInt(row, 'failing_since')
  if (since === undefined) return { state: 'healthy' }
  return compact({ state: 'failing', since, probeAt: optionalInt(row, 'probe_at') } as const)
}
