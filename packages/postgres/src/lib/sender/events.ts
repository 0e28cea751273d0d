import type {
  ClaimedEvent,
  EventClaim,
  EventClaimRequest,
  EventVerdict,
  FanOut,
  InsertedEvent,
  NewEvent,
} from '@posthorn/sender'
import type { Database } from '../database'
import { bytes, flag, hex, int, type Row, rows, text, unexpected } from '../values'
import { rowOf, rowsOf } from './answers'

export async function insertEvents(
  database: Database,
  events: readonly NewEvent[],
): Promise<readonly InsertedEvent[]> {
  if (events.length === 0) return []
  return rowsOf(await database.call('insert_events', events.map(fromEvent))).map((row) => ({
    eventId: text(row, 'eventId'),
    duplicate: flag(row, 'duplicate'),
    deliveries: int(row, 'deliveries'),
  }))
}

function fromEvent(event: NewEvent) {
  const { tenantId, id, type, version, timestamp, idempotencyKey, orderingKey, fanOut } = event
  return {
    ...{ tenantId, id, type, version, idempotencyKey, orderingKey },
    timestamp: Math.round(timestamp),
    body: hex(event.body),
    metadata: JSON.stringify(event.metadata),
    matched: fanOut !== undefined,
    ...fromFanOut(fanOut),
  }
}

/** `wanted` counts what is to be made, so skipped ones not. */
function fromFanOut({ deliveries, bodies }: FanOut = { deliveries: [], bodies: [] }) {
  return {
    wanted: deliveries.filter(({ state }) => state.status === 'pending').length,
    deliveries: deliveries.map(({ id, endpointId, envelope, state }) => ({
      ...{ id, endpointId, envelope, status: state.status },
      ...(state.status === 'skipped' && { reason: state.reason }),
    })),
    bodies: bodies.map(({ envelope, body }) => ({ envelope, body: hex(body) })),
  }
}

export async function claimEvents(
  database: Database,
  request: EventClaimRequest,
): Promise<EventClaim> {
  const answer = rowOf(await database.call('claim_events', request))
  return { now: int(answer, 'now'), events: rows(answer, 'events').map(toClaimed) }
}

const toClaimed = (row: Row): ClaimedEvent => ({
  tenantId: text(row, 'tenantId'),
  id: text(row, 'id'),
  type: text(row, 'type'),
  version: int(row, 'version'),
  body: bytes(row, 'body'),
  horizon: int(row, 'horizon'),
  token: text(row, 'token'),
  ...(flag(row, 'unchecked') && { unchecked: true }),
})

export async function fanOutEvents(
  database: Database,
  verdicts: readonly EventVerdict[],
): Promise<number> {
  if (verdicts.length === 0) return 0
  const applied = await database.call('fan_out_events', verdicts.map(fromVerdict))
  if (typeof applied === 'number') return applied
  throw unexpected('fan_out_events')
}

function fromVerdict({ tenantId, id, token, outcome }: EventVerdict) {
  const { kind } = outcome
  return {
    ...{ tenantId, id, token, state: kind },
    ...(kind === 'invalid' && { issues: JSON.stringify(outcome.issues) }),
    ...fromFanOut(kind === 'fanned_out' ? outcome : undefined),
  }
}
