import type { AttemptRecord, DeliveryRecord, DeliveryState, EventRecord } from '@posthorn/sender'
import {
  attemptClasses,
  compact,
  eventStates,
  failureReasons,
  finalStatuses,
  skipReasons,
} from '@posthorn/sender/store'
import type { Connection } from '../connection'
import {
  int,
  json,
  oneOf,
  optionalBlob,
  optionalInt,
  optionalText,
  type Row,
  strings,
  text,
} from '../values'
import { readHeaders } from './attempt-headers'
import { getQueued, type Queued } from './queued'

const GET_DELIVERY = 'SELECT * FROM posthorn_deliveries WHERE seq = ?'

const GET_EVENT = 'SELECT * FROM posthorn_events WHERE seq = ?'

const GET_PAYLOAD = 'SELECT body FROM posthorn_payloads WHERE event_seq = ?'

export function readDelivery(connection: Connection, seq: number): DeliveryRecord | undefined {
  const row = connection.get(GET_DELIVERY, seq)
  const event = row && connection.get(GET_EVENT, int(row, 'event_seq'))
  if (!row || !event) return undefined
  const queued = optionalText(row, 'status') === undefined ? getQueued(connection, seq) : undefined
  const eventId = text(event, 'id')
  return compact({
    tenantId: text(row, 'tenant_id'),
    id: text(row, 'id'),
    eventId,
    endpointId: text(row, 'endpoint_id'),
    eventType: text(event, 'type'),
    messageId: optionalText(row, 'message_id') ?? eventId,
    state: queued ? unfinished(queued) : finished(row),
    progress: queued?.progress ?? {
      attempt: int(row, 'attempt'),
      lost: int(row, 'lost'),
      soloLost: int(row, 'solo_lost'),
      deferred: int(row, 'deferred'),
    },
    lastStatus: queued ? (queued.lastStatus ?? undefined) : optionalInt(row, 'last_status'),
    createdAt: int(row, 'created_at'),
    replayOf: optionalText(row, 'replay_of'),
  })
}

/** An expired lease shows until somebody else takes the delivery. */
function unfinished({ token, dueAt, leasedUntil }: Queued): DeliveryState {
  return token === null || leasedUntil === null
    ? { status: 'pending', dueAt }
    : { status: 'delivering', leasedUntil }
}

function finished(row: Row): DeliveryState {
  const status = oneOf(row, 'status', finalStatuses)
  const finishedAt = int(row, 'finished_at')
  switch (status) {
    case 'failed':
      return { status, reason: oneOf(row, 'reason', failureReasons), finishedAt }
    case 'skipped':
      return { status, reason: oneOf(row, 'reason', skipReasons), finishedAt }
    case 'succeeded':
    case 'canceled':
      return { status, finishedAt }
  }
}

export function readEvent(connection: Connection, seq: number): EventRecord | undefined {
  const row = connection.get(GET_EVENT, seq)
  if (!row) return undefined
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
  return { ...record, body: optionalBlob(connection.get(GET_PAYLOAD, seq) ?? {}, 'body') }
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
    requestHeaders: readHeaders(row, 'request_headers', 'shared_request'),
    responseHeaders: readHeaders(row, 'response_headers', 'shared_response'),
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
