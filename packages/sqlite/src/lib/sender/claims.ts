import type { ClaimedDelivery, DeliveryClaim, DeliveryClaimRequest } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, optionalText, type Row, text } from '../values'
import { type Choice, chooseInTurn, chooseSuspect } from './choose'
import { type ClaimedContent, readContents } from './contents'
import type { StoreContext } from './context'
import { nextToken } from './counters'
import { refreshLane, serveTenant, TouchedLanes, wakeLanes } from './lanes'
import { tokenOf } from './leases'
import { type KeyLine, mayStay } from './order'
import { countStarts } from './pace'
import { isPast, type NextTimes } from './queue'
import type { Queued } from './queued'

/** Back into its lane, in its old place. The token stays: until another takes the row, its holder may still settle. */
const EXPIRE_LEASES = `
  UPDATE posthorn_queue INDEXED BY posthorn_queue_leased
  SET line = (lost >= 1) WHERE line IS NULL AND leased_until <= ?
  RETURNING seq, lane, line, due_at, order_key, tenant_id`

/** An upsert of rows that are all there: it finds them by key, whatever the statistics say. See `leasedNow`. */
const LEASE = `
  INSERT INTO posthorn_queue
    (seq, solo, attempt, lost, solo_lost, lane, due_at, deferred, event_seq, tenant_id, id,
      created_at)
  SELECT value, 0, 0, 0, 0, 0, 0, 0, 0, '', '', 0 FROM json_each(?) WHERE true
  ON CONFLICT (seq) DO UPDATE SET
    line = NULL, leased_until = ?, token = ?, solo = ?, attempt = attempt + 1,
    lost = lost + (token IS NOT NULL), solo_lost = solo_lost + (token IS NOT NULL AND solo)`

const HAS_SUSPECTS = `
  SELECT 1 FROM posthorn_queue q INDEXED BY posthorn_queue_waiting
  WHERE q.line = 1 AND q.due_at <= ?
    AND (SELECT max(opens_at, paced_until) FROM posthorn_lanes l WHERE l.lane = q.lane) <= ?
  LIMIT 1`

const SOLO_SERVED = 'UPDATE posthorn_lanes SET solo_turn = ? WHERE lane = ?'

/** `times`: as they were just before, which spares statements that would change nothing. */
export function claimDeliveries(
  context: StoreContext,
  times: NextTimes,
  request: DeliveryClaimRequest,
): DeliveryClaim {
  const { connection } = context
  const now = context.now()
  const mayExpire = isPast(times.leased, now)
  if (mayExpire) expireLeases(connection, now)
  if (mayExpire || isPast(times.waking, now)) wakeLanes(connection, now)
  const choose = request.solo ? chooseSuspect : chooseInTurn
  const choice = choose(connection, request, now)
  const deliveries = take(context, choice, { ...request, now })
  for (const lane of choice.idle) refreshLane(connection, { lane, now })
  const maySuspect = mayExpire || isPast(times.suspect, now)
  const suspects = maySuspect && connection.get(HAS_SUSPECTS, now, now) !== undefined
  return { now, deliveries, suspects }
}

function expireLeases(connection: Connection, now: number): void {
  const touched = new TouchedLanes()
  for (const row of connection.all(EXPIRE_LEASES, now)) {
    const line = expiredLine(row)
    if (line && !mayStay(connection, line, int(row, 'seq'))) continue
    if (int(row, 'line') === 0) touched.add(int(row, 'lane'), int(row, 'due_at'))
  }
  touched.write(connection)
}

function expiredLine(row: Row): KeyLine | undefined {
  const key = optionalText(row, 'order_key')
  return key === undefined
    ? undefined
    : { key, lane: int(row, 'lane'), tenantId: text(row, 'tenant_id') }
}

interface Terms {
  readonly now: number
  readonly leaseMs: number
  readonly solo: boolean
}

function take(context: StoreContext, choice: Choice, terms: Terms): readonly ClaimedDelivery[] {
  if (choice.deliveries.length === 0) return []
  const { connection, endpoints } = context
  const { token, turn, changes } = nextToken(connection, choice.served.length)
  const until = terms.now + Math.round(terms.leaseMs)
  const seqs = JSON.stringify(choice.deliveries.map(({ seq }) => seq))
  connection.run(LEASE, seqs, until, token, Number(terms.solo))
  for (const [lane, starts] of choice.limited) {
    countStarts(connection, { lane, starts, now: terms.now })
  }
  serveLanes(connection, choice, { ...terms, turn })
  endpoints.refreshTo(connection, changes)
  const contents = readContents(connection, choice.deliveries)
  return choice.deliveries.flatMap((queued, index) => {
    const content = contents[index]
    if (!content) return []
    return toClaimed(context, leasedNow(queued, content, { token, solo: terms.solo }), content)
  })
}

interface Leased extends Queued {
  readonly token: number
  readonly messageId: string
}

/** The token it still has is that of a lease which ran out. */
function leasedNow(
  queued: Queued,
  { eventId }: ClaimedContent,
  { token, solo }: { readonly token: number; readonly solo: boolean },
): Leased {
  const { attempt, lost, soloLost, deferred } = queued.progress
  const lostNow = queued.token !== null
  const progress = {
    attempt: attempt + 1,
    lost: lost + Number(lostNow),
    soloLost: soloLost + Number(lostNow && queued.solo),
    deferred,
  }
  const messageId = queued.messageId ?? eventId
  return { ...queued, leased: true, token, solo, progress, messageId }
}

/** Behind everybody, in the order in which they were served; their tenants too. */
function serveLanes(
  connection: Connection,
  { served, tenants }: Choice,
  { turn, now, solo }: { readonly turn: number; readonly now: number; readonly solo: boolean },
): void {
  for (const [index, lane] of served.entries()) {
    if (solo) connection.run(SOLO_SERVED, turn + index, lane)
    else refreshLane(connection, { lane, turn: turn + index, now })
  }
  const places = new Map(tenants.map((tenant, index) => [tenant, turn + index]))
  for (const [tenant, place] of places) serveTenant(connection, tenant, place)
}

function toClaimed(
  { connection, endpoints, claimed }: StoreContext,
  queued: Leased,
  content: ClaimedContent,
): readonly ClaimedDelivery[] {
  const endpoint = endpoints.byLane(connection, queued.lane)
  if (!endpoint) return []
  const { seq, tenantId, id, progress, token } = queued
  const lease = {
    tenantId,
    deliveryId: id,
    attempt: progress.attempt,
    token: tokenOf(seq, token),
  }
  claimed.add(lease.token, queued)
  const delivery = {
    lease,
    eventId: content.eventId,
    eventType: content.eventType,
    ...(content.orderingKey === null ? {} : { orderingKey: content.orderingKey }),
    messageId: queued.messageId,
    progress,
    createdAt: queued.createdAt,
    endpoint,
    body: content.body,
    metadata: content.metadata,
  }
  return [delivery]
}
