import type { AttemptRecord, DeliveryRecord, DeliveryState, EventRecord } from '@posthorn/sender'
import { compact } from '../compact'
import {
  int,
  isNull,
  json,
  oneOf,
  optionalBlob,
  optionalInt,
  optionalJson,
  optionalText,
  type Row,
  strings,
  text,
} from '../values'

const SKIP_REASONS = ['disabled', 'filtered'] as const
const FAILURE_REASONS = ['exhausted', 'gone', 'forbidden_address', 'poison', 'config'] as const
const FINAL_STATUSES = ['succeeded', 'failed', 'skipped', 'canceled'] as const
const OUTCOMES = [
  'success',
  'http',
  'timeout',
  'dns',
  'network',
  'tls',
  'protocol',
  'forbidden_address',
  'config',
] as const

/** What `toDelivery` reads, from deliveries `d`, their events `e` and the queue `q`, which is there for the unfinished ones. */
export const DELIVERY_COLUMNS = `
  d.seq, d.tenant_id, d.id, d.endpoint_id, d.message_id, d.replay_of, d.created_at,
  d.status, d.reason, d.finished_at, e.id AS event_id, e.type,
  q.due_at, q.leased_until, q.token,
  coalesce(q.attempt, d.attempt) AS attempt, coalesce(q.lost, d.lost) AS lost,
  coalesce(q.solo_lost, d.solo_lost) AS solo_lost, coalesce(q.deferred, d.deferred) AS deferred,
  coalesce(q.last_status, d.last_status) AS last_status`

export function toDelivery(row: Row): DeliveryRecord {
  const eventId = text(row, 'event_id')
  return compact({
    tenantId: text(row, 'tenant_id'),
    id: text(row, 'id'),
    eventId,
    endpointId: text(row, 'endpoint_id'),
    eventType: text(row, 'type'),
    messageId: optionalText(row, 'message_id') ?? eventId,
    state: toState(row),
    progress: {
      attempt: int(row, 'attempt'),
      lost: int(row, 'lost'),
      soloLost: int(row, 'solo_lost'),
      deferred: int(row, 'deferred'),
    },
    lastStatus: optionalInt(row, 'last_status'),
    createdAt: int(row, 'created_at'),
    replayOf: optionalText(row, 'replay_of'),
  })
}

function toState(row: Row): DeliveryState {
  if (isNull(row, 'status')) {
    return isNull(row, 'token')
      ? { status: 'pending', dueAt: int(row, 'due_at') }
      : { status: 'delivering', leasedUntil: int(row, 'leased_until') }
  }
  const status = oneOf(row, 'status', FINAL_STATUSES)
  const finishedAt = int(row, 'finished_at')
  switch (status) {
    case 'failed':
      return { status, reason: oneOf(row, 'reason', FAILURE_REASONS), finishedAt }
    case 'skipped':
      return { status, reason: oneOf(row, 'reason', SKIP_REASONS), finishedAt }
    case 'succeeded':
    case 'canceled':
      return { status, finishedAt }
  }
}

/** What `toEvent` reads, from events `e` and payloads `p`, which is there until pruned. */
export const EVENT_COLUMNS = `
  e.seq, e.tenant_id, e.id, e.type, e.version, e.timestamp, e.recorded_at, e.state, e.issues,
  e.idempotency_key, e.ordering_key, e.metadata, p.body`

export function toEvent(row: Row): EventRecord {
  const { body, ...record } = {
    tenantId: text(row, 'tenant_id'),
    id: text(row, 'id'),
    type: text(row, 'type'),
    version: int(row, 'version'),
    timestamp: int(row, 'timestamp'),
    recordedAt: int(row, 'recorded_at'),
    state: toEventState(row),
    body: optionalBlob(row, 'body'),
    idempotencyKey: optionalText(row, 'idempotency_key'),
    orderingKey: optionalText(row, 'ordering_key'),
    metadata: strings(row, 'metadata'),
  }
  return { ...compact(record), body }
}

function toEventState(row: Row): EventRecord['state'] {
  const state = oneOf(row, 'state', ['recorded', 'fanned_out', 'invalid'])
  return state === 'invalid' ? { state, issues: json(row, 'issues') } : { state }
}

export function toAttempt(row: Row): AttemptRecord {
  const code = optionalText(row, 'error_code')
  return compact({
    number: int(row, 'number'),
    startedAt: int(row, 'started_at'),
    durationMs: int(row, 'duration_ms'),
    outcome: oneOf(row, 'outcome', OUTCOMES),
    status: optionalInt(row, 'status'),
    responseHeaders: optionalJson<Readonly<Record<string, string>>>(row, 'response_headers'),
    responseBody: optionalBlob(row, 'response_body'),
    responseTruncated: flag(row, 'response_truncated'),
    error: code === undefined ? undefined : { code, message: text(row, 'error_message') },
    duplicate: flag(row, 'duplicate'),
    freshSocket: flag(row, 'fresh_socket'),
  })
}

function flag(row: Row, column: string): boolean | undefined {
  const value = optionalInt(row, column)
  return value === undefined ? undefined : value === 1
}
