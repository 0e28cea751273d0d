import { WebhookError } from '@posthorn/schema'
import type { FanOut, InsertedEvent, NewEvent } from '@posthorn/sender'
import { outdated } from '@posthorn/sender/store'
import type { Connection } from '../connection'
import { type RowsStatement, writeRows } from '../rows'
import { int, type Row, text } from '../values'
import type { StoreContext } from './context'
import { type Reservation, reserve } from './counters'
import { DeliveryWriter, type Parent } from './deliveries'

const INSERT_EVENTS: RowsStatement = {
  into: `
    INSERT INTO posthorn_events
      (seq, tenant_id, id, type, version, timestamp, recorded_at, state, idempotency_key,
        ordering_key, metadata, wanted, deliveries, renewals, pruned)`,
  row: '(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0)',
  upsert: 'ON CONFLICT DO NOTHING',
}

const IS_INSERTED = 'SELECT 1 FROM posthorn_events WHERE seq = ?'

const INSERT_PAYLOADS: RowsStatement = {
  into: 'INSERT INTO posthorn_payloads (event_seq, body)',
  row: '(?, ?)',
}

const INSERT_UNMATCHED = `
  INSERT INTO posthorn_unmatched (event_seq, horizon, leased_until, tenant_id, order_key)
  VALUES (?, ?, 0, ?, ?)`

const FIND_BY_KEY = `
  SELECT id, wanted FROM posthorn_events INDEXED BY posthorn_events_key
  WHERE tenant_id = ? AND idempotency_key = ?`

const FIND_BY_ID = `
  SELECT id, wanted FROM posthorn_events INDEXED BY posthorn_events_id
  WHERE tenant_id = ? AND id = ?`

/** How the deliveries of an event that brings them along are written. */
export type AddDeliveries = (writer: DeliveryWriter, event: FannedOutEvent) => void

export interface FannedOutEvent {
  readonly event: NewEvent
  readonly fanOut: FanOut
  readonly parent: Parent
  readonly reserved: Reservation
}

const addWaiting: AddDeliveries = (writer, { parent, fanOut, reserved }) =>
  writer.addAll(parent, fanOut, reserved)

type Inserting = Pick<StoreContext, 'connection' | 'now'>

/** Records events, in stage `fanned_out` where they bring their deliveries along. Runs inside a transaction. */
export function insertEvents(
  context: Inserting,
  events: readonly NewEvent[],
): readonly InsertedEvent[] {
  if (events.length === 0) return []
  return insertReserved(context, events, { reserved: reserveFor(context, events) })
}

/** Places for the events and all of their deliveries. */
export function reserveFor(
  { connection, now }: Inserting,
  events: readonly NewEvent[],
): Reservation {
  const rows = events.reduce((sum, { fanOut }) => sum + 1 + (fanOut?.deliveries.length ?? 0), 0)
  return reserve(connection, rows, now())
}

export const isOutdated = ({ mark }: NewEvent, reserved: Reservation): boolean =>
  mark !== undefined && mark !== reserved.mark

/** The same, to places that were reserved for them. */
export function insertReserved(
  { connection, now }: Inserting,
  events: readonly NewEvent[],
  {
    reserved,
    addDeliveries = addWaiting,
  }: { readonly reserved: Reservation; readonly addDeliveries?: AddDeliveries },
): readonly InsertedEvent[] {
  const current = events.filter((event) => !isOutdated(event, reserved))
  const placed = current.map((event) => ({ event, seq: reserved.nextSeq() }))
  const isNew = insertRows(connection, placed, reserved.time)
  const fresh = placed.filter(({ seq }) => isNew(seq))
  const payloads = fresh.map(({ seq, event }) => [seq, event.body])
  writeRows(connection, INSERT_PAYLOADS, payloads)
  const writer = new DeliveryWriter(connection, now())
  for (const { seq, event } of fresh) {
    const { tenantId, orderingKey = null, fanOut } = event
    const parent = { seq, tenantId, orderingKey }
    if (fanOut) addDeliveries(writer, { event, fanOut, parent, reserved })
    else connection.run(INSERT_UNMATCHED, seq, reserved.horizon, tenantId, orderingKey)
  }
  writer.flush()
  const answers = placed.map(({ event, seq }) => answerFor(connection, event, isNew(seq))).values()
  return events.map((event) =>
    isOutdated(event, reserved) ? outdated(event) : (answers.next().value ?? outdated(event)),
  )
}

interface Placed {
  readonly event: NewEvent
  readonly seq: number
}

/** Answers which of them are new. */
function insertRows(
  connection: Connection,
  placed: readonly Placed[],
  time: number,
): (seq: number) => boolean {
  const rows = placed.map(({ event, seq }) => [
    seq,
    event.tenantId,
    event.id,
    event.type,
    event.version,
    Math.round(event.timestamp),
    time,
    event.fanOut ? 'fanned_out' : 'recorded',
    event.idempotencyKey ?? null,
    event.orderingKey ?? null,
    JSON.stringify(event.metadata),
    wantedOf(event),
    event.fanOut?.deliveries.length ?? 0,
  ])
  if (writeRows(connection, INSERT_EVENTS, rows) === placed.length) return () => true
  const known = placed.filter(({ seq }) => !connection.get(IS_INSERTED, seq))
  const seqs = new Set(known.map(({ seq }) => seq))
  return (seq) => !seqs.has(seq)
}

function answerFor(connection: Connection, event: NewEvent, isNew: boolean): InsertedEvent {
  if (isNew) return { eventId: event.id, duplicate: false, deliveries: wantedOf(event) }
  const known = findKnown(connection, event)
  return { eventId: text(known, 'id'), duplicate: true, deliveries: int(known, 'wanted') }
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
