import type { Redelivery, RedeliveryVerdict } from '@posthorn/sender'
import { compact } from '@posthorn/sender/store'
import type { Connection } from '../connection'
import { int, optionalText, text } from '../values'
import type { StoreContext } from './context'
import { type Reservation, reserve } from './counters'
import { DeliveryWriter, type Parent } from './deliveries'

const FIND_EVENT = `
  SELECT seq, id, ordering_key FROM posthorn_events INDEXED BY posthorn_events_id
  WHERE tenant_id = ? AND id = ?`

const FIND_UNFINISHED = `
  SELECT 1 FROM posthorn_deliveries INDEXED BY posthorn_deliveries_event
  WHERE event_seq = ? AND endpoint_id = ? AND status IS NULL LIMIT 1`

const HAS_PAYLOAD = 'SELECT 1 FROM posthorn_payloads WHERE event_seq = ?'

const HAS_BODY = `
  SELECT 1 FROM posthorn_event_bodies INDEXED BY posthorn_event_bodies_envelope
  WHERE event_seq = ? AND envelope = ?`

const COUNT_REDELIVERY = `
  UPDATE posthorn_events SET deliveries = deliveries + 1, renewals = renewals + ? WHERE seq = ?
  RETURNING renewals`

export function redeliver(
  { connection, now }: StoreContext,
  items: readonly Redelivery[],
): readonly RedeliveryVerdict[] {
  const time = now()
  const reserved = reserve(connection, items.length, time)
  const writer = new DeliveryWriter(connection, time)
  const verdicts = items.map((item) => redeliverOne(connection, item, { reserved, writer }))
  writer.flush()
  return verdicts
}

interface Writing {
  readonly reserved: Reservation
  readonly writer: DeliveryWriter
}

function redeliverOne(
  connection: Connection,
  item: Redelivery,
  { reserved, writer }: Writing,
): RedeliveryVerdict {
  const row = connection.get(FIND_EVENT, item.tenantId, item.eventId)
  if (!row) return 'event_not_found'
  const orderingKey = optionalText(row, 'ordering_key') ?? null
  const event = { seq: int(row, 'seq'), tenantId: item.tenantId, orderingKey }
  if (writer.laneOf(item.tenantId, item.endpointId) === undefined) return 'endpoint_not_found'
  if (connection.get(FIND_UNFINISHED, event.seq, item.endpointId)) return 'pending'
  if (!connection.get(HAS_PAYLOAD, event.seq)) return 'payload_pruned'
  if (!keepBody(connection, event, { item, writer })) return 'payload_pruned'
  const renewal = connection.get(COUNT_REDELIVERY, Number(item.as === 'new'), event.seq) ?? {}
  const delivery = compact({
    id: item.id,
    endpointId: item.endpointId,
    state: { status: 'pending' } as const,
    messageId: item.as === 'new' ? `${text(row, 'id')}-r${int(renewal, 'renewals')}` : undefined,
    envelope: item.envelope,
    replayOf: item.replayOf,
    isReplay: true,
  })
  writer.add(event, delivery, reserved)
  // The next item may be of the same event and endpoint.
  writer.writeRows()
  return 'created'
}

/** Answers whether there are bytes to send. */
function keepBody(
  connection: Connection,
  event: Parent,
  { item, writer }: { item: Redelivery; writer: DeliveryWriter },
): boolean {
  if (item.envelope === undefined) return true
  if (item.body) writer.addBody(event, item.envelope, item.body)
  return connection.get(HAS_BODY, event.seq, item.envelope) !== undefined
}
