import type { ClaimedDelivery } from '@posthorn/sender'
import type { Connection } from '../connection'
import { optionalBlob, type Row } from '../values'
import type { Queued } from './queued'

const READ_FACTS = `
  SELECT json_group_array(json_array(seq, id, type, metadata, ordering_key)) AS json
  FROM posthorn_events WHERE seq IN (SELECT value FROM json_each(?))`

/** By sub-queries, in the order asked for: bodies without a further column, which would cost. */
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

type Facts = readonly [
  seq: number,
  id: string,
  type: string,
  metadata: string,
  orderingKey: string | null,
]

function readEvents(
  connection: Connection,
  seqs: ReadonlySet<number>,
): ReadonlyMap<number, ClaimedContent> {
  const wanted = [...seqs]
  const asked = JSON.stringify(wanted)
  const payloads = connection.all(READ_PAYLOADS, asked)
  const bodies = new Map(wanted.map((seq, index) => [seq, payloads[index]]))
  const facts = connection.json<readonly Facts[]>(READ_FACTS, asked)
  return new Map(facts.map((each) => [each[0], toContent(each, bodies.get(each[0]) ?? {})]))
}

function toContent(
  [, eventId, eventType, metadata, orderingKey]: Facts,
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
