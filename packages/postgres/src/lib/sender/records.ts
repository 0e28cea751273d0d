import type { AttemptRecord, DeliveryRecord, DeliveryState, EventRecord } from '@posthorn/sender'
import {
  attemptClasses,
  compact,
  deliveryStatuses,
  eventStates,
  failureReasons,
  skipReasons,
} from '@posthorn/sender/store'
import {
  int,
  json,
  oneOf,
  optionalBytes,
  optionalFlag,
  optionalInt,
  optionalJson,
  optionalText,
  type Row,
  strings,
  text,
} from '../values'

export function toDelivery(row: Row): DeliveryRecord {
  return compact({
    tenantId: text(row, 'tenant_id'),
    id: text(row, 'id'),
    eventId: text(row, 'event_id'),
    endpointId: text(row, 'endpoint_id'),
    eventType: text(row, 'type'),
    messageId: text(row, 'message_id'),
    state: toState(row),
    progress: toProgress(row),
    lastStatus: optionalInt(row, 'last_status'),
    createdAt: int(row, 'created_at'),
    replayOf: optionalText(row, 'replay_of'),
  })
}

export const toProgress = (row: Row): DeliveryRecord['progress'] => ({
  attempt: int(row, 'attempt'),
  lost: int(row, 'lost'),
  soloLost: int(row, 'solo_lost'),
  deferred: int(row, 'deferred'),
})

/** `time`: due, leased until, or finished. */
function toState(row: Row): DeliveryState {
  const status = oneOf(row, 'status', deliveryStatuses)
  const time = int(row, 'time')
  switch (status) {
    case 'pending':
      return { status, dueAt: time }
    case 'delivering':
      return { status, leasedUntil: time }
    case 'failed':
      return { status, reason: oneOf(row, 'reason', failureReasons), finishedAt: time }
    case 'skipped':
      return { status, reason: oneOf(row, 'reason', skipReasons), finishedAt: time }
    case 'succeeded':
    case 'canceled':
      return { status, finishedAt: time }
  }
}

export function toEvent(row: Row): EventRecord {
  const record = compact({
    tenantId: text(row, 'tenant_id'),
    id: text(row, 'id'),
    type: text(row, 'type'),
    version: int(row, 'version'),
    timestamp: int(row, 'timestamp'),
    recordedAt: int(row, 'recorded_at'),
    state: toEventState(row),
    idempotencyKey: optionalText(row, 'idempotency_key'),
    orderingKey: optionalText(row, 'ordering_key'),
    metadata: strings(row, 'metadata'),
  })
  return { ...record, body: optionalBytes(row, 'body') }
}

function toEventState(row: Row): EventRecord['state'] {
  const state = oneOf(row, 'state', eventStates)
  return state === 'invalid' ? { state, issues: json(row, 'issues') } : { state }
}

export function toAttempt(row: Row): AttemptRecord {
  const code = optionalText(row, 'error_code')
  return compact({
    number: int(row, 'number'),
    startedAt: int(row, 'started_at'),
    durationMs: int(row, 'duration_ms'),
    outcome: oneOf(row, 'outcome', attemptClasses),
    status: optionalInt(row, 'status'),
    requestHeaders: optionalJson<Readonly<Record<string, string>>>(row, 'request_headers'),
    responseHeaders: optionalJson<Readonly<Record<string, string>>>(row, 'response_headers'),
    responseBody: optionalBytes(row, 'response_body'),
    responseTruncated: optionalFlag(row, 'response_truncated'),
    error: code === undefined ? undefined : { code, message: text(row, 'error_message') },
    duplicate: optionalFlag(row, 'duplicate'),
    freshSocket: optionalFlag(row, 'fresh_socket'),
  })
}
