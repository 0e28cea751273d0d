import { WebhookError } from '@posthorn/schema'
import type { InsertedEvent, NewEvent } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, type Row, text } from '../values'
import type { StoreContext } from './context'
import { type Reservation, reserve } from './counters'
import { DeliveryWriter } from './deliveries'

const INSERT_EVENT = `
  INSERT INTO posthorn_events
    (seq, tenant_id, id, type, version, timestamp, recorded_at, state, idempotency_key,
      ordering_key, metadata, wanted, deliveries, renewals, pruned)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)
  ON CONFLICT DO NOTHING`

const INSERT_PAYLOAD = 'INSERT INTO posthorn_payloads (event_seq, body) VALUES (?, ?)'

const INSERT_UNMATCHED = `
  INSERT INTO posthorn_unmatched (event_seq, horizon, leased_until, tenant_id, order_key)
  VALUES (?, ?, 0, ?, ?)`

const FIND_BY_KEY = `
  SELECT id, wanted FROM posthorn_events INDEXED BY posthorn_events_key
  WHERE tenant_id = ? AND idempotency_key = ?`

const FIND_BY_ID = `
  SELECT id, wanted FROM posthorn_events INDEXED BY posthorn_events_id
  WHERE tenant_id = ? AND id = ?`

/** Records events, in stage `fanned_out` where they bring their deliveries along. Runs inside a transaction. */
export function insertEvents(
  { connection, now }: Pick<StoreContext, 'connection' | 'now'>,
  events: readonly NewEvent[],
): readonly InsertedEvent[] {
  if (events.length === 0) return []
  const rows = events.reduce((sum, { fanOut }) => sum + 1 + (fanOut?.deliveries.length ?? 0), 0)
  const time = now()
  const reserved = reserve(connection, rows, time)
  const writer = new DeliveryWriter(connection, time)
  const answers = events.map((event) => insertEvent(connection, event, { reserved, writer }))
  writer.flush()
  return answers
}

interface Writing {
  readonly reserved: Reservation
  readonly writer: DeliveryWriter
}

function insertEvent(
  connection: Connection,
  event: NewEvent,
  { reserved, writer }: Writing,
): InsertedEvent {
  const seq = reserved.nextSeq()
  if (!insertRow(connection, event, { seq, time: reserved.time })) {
    const known = findKnown(connection, event)
    return { eventId: text(known, 'id'), duplicate: true, deliveries: int(known, 'wanted') }
  }
  connection.run(INSERT_PAYLOAD, seq, event.body)
  const { tenantId, orderingKey = null, fanOut } = event
  if (fanOut) writer.addAll({ seq, tenantId, orderingKey }, fanOut, reserved)
  else connection.run(INSERT_UNMATCHED, seq, reserved.horizon, tenantId, orderingKey)
  return { eventId: event.id, duplicate: false, deliveries: wantedOf(event) }
}

/** Answers whether the event is new. */
function insertRow(
  connection: Connection,
  event: NewEvent,
  { seq, time }: { seq: number; time: number },
): boolean {
  const inserted = connection.run(
    INSERT_EVENT,
    ...[seq, event.tenantId, event.id, event.type, event.version, Math.round(event.timestamp)],
    ...[time, event.fanOut ? 'fanned_out' : 'recorded'],
    ...[event.idempotencyKey ?? null, event.orderingKey ?? null, JSON.stringify(event.metadata)],
    ...[wantedOf(event), event.fanOut?.deliveries.length ?? 0],
  )
  return inserted > 0
}

/** Deliveries to be made; skipped ones are not counted. */
export function wantedOf({ fanOut }: Pick<NewEvent, 'fanOut'>): number {
  return fanOut?.deliveries.filter(({ state }) => state.status === 'pending').length ?? 0
}

function findKnown(connection: Connection, event: NewEvent): Row {
  const byKey =
    event.idempotencyKey === undefined
      ? undefined
      : connection.get(FIND_BY_KEY, event.tenantId, event.idempotencyKey)
  const known = byKey ?? connection.get(FIND_BY_ID, event.tenantId, event.id)
  if (known) return known
  throw new WebhookError('store_failed', 'SQLite refused an event as known and does not find it.')
}
