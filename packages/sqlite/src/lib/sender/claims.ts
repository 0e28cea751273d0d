import type { ClaimedDelivery, DeliveryClaim, DeliveryClaimRequest } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, optionalBlob, optionalText, type Row, strings, text } from '../values'
import { type Choice, chooseInTurn, chooseSuspect } from './choose'
import type { StoreContext } from './context'
import { nextToken } from './counters'
import { refreshLanes, TouchedLanes, type Visited, wakeLanes } from './lanes'
import { tokenOf } from './leases'

/** Back into its lane, in its old place. The token stays: until another takes the row, its holder may still settle. */
const EXPIRE_LEASES = `
  UPDATE posthorn_queue SET line = (lost >= 1) WHERE line IS NULL AND leased_until <= ?
  RETURNING lane, line, due_at`

const LEASE = `
  UPDATE posthorn_queue SET
    line = NULL, leased_until = ?, token = ?, attempt = attempt + 1,
    lost = lost + (token IS NOT NULL), solo_lost = solo_lost + (token IS NOT NULL AND solo = 1),
    solo = ?
  WHERE seq IN (SELECT value FROM json_each(?))`

/** `CROSS JOIN` keeps the order of the rows asked for. */
const READ_LEASED = `
  SELECT q.seq, q.lane, q.attempt, q.lost, q.solo_lost, q.deferred,
    d.tenant_id, d.id, d.message_id, d.created_at, e.id AS event_id, e.type, e.metadata,
    CASE WHEN d.envelope IS NULL THEN p.body ELSE b.body END AS body
  FROM json_each(?) AS j
    CROSS JOIN posthorn_queue q ON q.seq = j.value
    CROSS JOIN posthorn_deliveries d ON d.seq = q.seq
    CROSS JOIN posthorn_events e ON e.seq = d.event_seq
    LEFT JOIN posthorn_payloads p ON p.event_seq = e.seq AND d.envelope IS NULL
    LEFT JOIN posthorn_event_bodies b ON b.event_seq = e.seq AND b.envelope = d.envelope`

const HAS_SUSPECTS = `
  SELECT 1 FROM posthorn_queue q CROSS JOIN posthorn_lanes l ON l.lane = q.lane
  WHERE q.line = 1 AND q.due_at <= ? AND l.opens_at <= ? LIMIT 1`

const SOLO_SERVED = `
  UPDATE posthorn_lanes SET solo_turn = ? WHERE lane IN (SELECT value FROM json_each(?))`

export function claimDeliveries(
  context: StoreContext,
  request: DeliveryClaimRequest,
): DeliveryClaim {
  const { connection } = context
  const now = context.now()
  expireLeases(connection, now)
  wakeLanes(connection, now)
  const choose = request.solo ? chooseSuspect : chooseInTurn
  const choice = choose(connection, request, now)
  const deliveries = take(context, choice, { ...request, now })
  refreshLanes(connection, placed(choice.idle), now)
  const suspects = connection.get(HAS_SUSPECTS, now, now) !== undefined
  return { now, deliveries, suspects }
}

function expireLeases(connection: Connection, now: number): void {
  const touched = new TouchedLanes()
  for (const row of connection.all(EXPIRE_LEASES, now)) {
    if (int(row, 'line') === 0) touched.add(int(row, 'lane'), int(row, 'due_at'))
  }
  touched.write(connection)
}

interface Terms {
  readonly now: number
  readonly leaseMs: number
  readonly solo: boolean
}

function take(context: StoreContext, choice: Choice, terms: Terms): readonly ClaimedDelivery[] {
  if (choice.seqs.length === 0) return []
  const { connection, endpoints } = context
  const { token, turn } = nextToken(connection, choice.served.length)
  const seqs = JSON.stringify(choice.seqs)
  const until = terms.now + Math.round(terms.leaseMs)
  connection.run(LEASE, until, token, Number(terms.solo), seqs)
  if (terms.solo) connection.run(SOLO_SERVED, turn, JSON.stringify(choice.served))
  else refreshLanes(connection, placed(choice.served, turn), terms.now)
  endpoints.refresh(connection)
  return connection.all(READ_LEASED, seqs).flatMap((row) => toClaimed(context, row, token))
}

/** Behind everybody, in the order in which they were served; without a turn, each in its own place. */
function placed(lanes: readonly number[], turn?: number): readonly Visited[] {
  return lanes.map((lane, index) => (turn === undefined ? { lane } : { lane, turn: turn + index }))
}

function toClaimed(
  { connection, endpoints }: StoreContext,
  row: Row,
  token: number,
): readonly ClaimedDelivery[] {
  const endpoint = endpoints.byLane(connection, int(row, 'lane'))
  if (!endpoint) return []
  const attempt = int(row, 'attempt')
  const eventId = text(row, 'event_id')
  const lease = {
    tenantId: text(row, 'tenant_id'),
    deliveryId: text(row, 'id'),
    attempt,
    token: tokenOf(int(row, 'seq'), token),
  }
  const claimed = {
    lease,
    eventId,
    eventType: text(row, 'type'),
    messageId: optionalText(row, 'message_id') ?? eventId,
    progress: {
      attempt,
      lost: int(row, 'lost'),
      soloLost: int(row, 'solo_lost'),
      deferred: int(row, 'deferred'),
    },
    createdAt: int(row, 'created_at'),
    endpoint,
    body: optionalBlob(row, 'body'),
    metadata: strings(row, 'metadata'),
  }
  return [claimed]
}
