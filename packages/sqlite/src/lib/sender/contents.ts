import type { ClaimedDelivery } from '@posthorn/sender'
import type { Connection } from '../connection'
import { optionalBlob, type Row } from '../values'
import type { Queued } from './queued'

/**
 * By sub-queries, which are looked up by key whatever the statistics say; in the order asked for. Put together as text: in a group of JSON,
 * SQLite would parse again what a sub-query made.
 */
const READ_FACTS = `
  SELECT '[' || group_concat(coalesce((
    SELECT json_array(id, type, metadata, ordering_key) FROM posthorn_events WHERE seq = j.value),
    'null')) || ']' AS json
  FROM json_each(?) AS j`

const READ_PAYLOADS = `
  SELECT (SELECT body FROM posthorn_payloads WHERE event_seq = j.value) AS body
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
  const events = readEvents(connection, new Set(deliveries.map(({ eventSeq }) => eventSeq)))
  return deliveries.map(({ eventSeq, envelope }) => {
    const event = events.get(eventSeq)
    if (!event || envelope === null) return event
    return {
      ...event,
      body: optionalBlob(connection.get(READ_BODY, eventSeq, envelope) ?? {}, 'body'),
    }
  })
}

type Facts = readonly [id: string, type: string, metadata: string, orderingKey: string | null]

function readEvents(
  connection: Connection,
  seqs: ReadonlySet<number>,
): ReadonlyMap<number, ClaimedContent> {
  const wanted = [...seqs]
  const asked = JSON.stringify(wanted)
  const facts = connection.json<readonly (Facts | null)[]>(READ_FACTS, asked)
  const payloads = connection.all(READ_PAYLOADS, asked)
  const events = new Map<number, ClaimedContent>()
  for (const [index, seq] of wanted.entries()) {
    const known = facts[index]
    if (known) events.set(seq, toContent(known, payloads[index] ?? {}))
  }
  return events
}

function toContent(
  [eventId, eventType, metadata, orderingKey]: Facts,
  payload: Row,
): ClaimedContent {
  return {
    eventId,
    eventType,
    orderingKey,
    metadata: metadata === '{}' ? {} : JSON.parse(metadata),
    body: optionalBlob(payload, 'body'),
  }
}
