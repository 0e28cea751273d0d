import type { ClaimedDelivery } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, json, optionalBlob, type Row } from '../values'
import type { Queued } from './queued'

/** By sub-queries, which are looked up by key whatever the statistics say. */
const READ_EVENTS = `
  SELECT j.value AS seq,
    (SELECT json_array(id, type, metadata, ordering_key) FROM posthorn_events WHERE seq = j.value) AS facts,
    (SELECT body FROM posthorn_payloads WHERE event_seq = j.value) AS body
  FROM json_each(?) AS j`

const READ_BODY = `
  SELECT body FROM posthorn_event_bodies INDEXED BY posthorn_event_bodies_envelope
  WHERE event_seq = ? AND envelope = ?`

/** What a claimed delivery takes from its event. */
export interface ClaimedContent {
  readonly eventId: string
  readonly eventType: string
  readonly orderingKey: string | null
  readonly metadata: ClaimedDelivery['metadata']
  readonly body: Uint8Array | undefined
}

/** One for each delivery; an event that several of them share is read once. */
export function readContents(
  connection: Connection,
  deliveries: readonly Queued[],
): readonly (ClaimedContent | undefined)[] {
  const seqs = new Set(deliveries.map(({ eventSeq }) => eventSeq))
  const events = new Map<number, ClaimedContent>()
  for (const row of connection.all(READ_EVENTS, JSON.stringify([...seqs]))) {
    events.set(int(row, 'seq'), toContent(row))
  }
  return deliveries.map(({ eventSeq, envelope }) => {
    const event = events.get(eventSeq)
    if (!event || envelope === null) return event
    return {
      ...event,
      body: optionalBlob(connection.get(READ_BODY, eventSeq, envelope) ?? {}, 'body'),
    }
  })
}

function toContent(row: Row): ClaimedContent {
  const [eventId, eventType, metadata, orderingKey] = json<
    readonly [id: string, type: string, metadata: string, orderingKey: string | null]
  >(row, 'facts')
  return {
    eventId,
    eventType,
    orderingKey,
    metadata: metadata === '{}' ? {} : JSON.parse(metadata),
    body: optionalBlob(row, 'body'),
  }
}
