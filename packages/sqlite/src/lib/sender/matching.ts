import type { ClaimedEvent, EventClaim, EventClaimRequest, EventVerdict } from '@posthorn/sender'
import type { Connection } from '../connection'
import { blob, int, optionalInt, optionalText, text } from '../values'
import type { StoreContext } from './context'
import { nextToken, type Reservation, reserve } from './counters'
import { DeliveryWriter } from './deliveries'
import { wantedOf } from './events'
import { seqOf, tokenOf } from './leases'

/** Nobody else took them: whoever still has the token may yet use it. */
const FREE_EXPIRED = `
  UPDATE posthorn_unmatched INDEXED BY posthorn_unmatched_lease SET leased_until = 0
  WHERE leased_until > 0 AND leased_until <= ?`

const FIND_RECORDED = `
  SELECT event_seq FROM posthorn_unmatched INDEXED BY posthorn_unmatched_lease
  WHERE leased_until = 0 ORDER BY event_seq LIMIT 0 + ?`

const LEASE_EVENT = `
  UPDATE posthorn_unmatched SET leased_until = ?, token = ? WHERE event_seq = ?`

const HAS_RECORDED = `
  SELECT 1 FROM posthorn_unmatched INDEXED BY posthorn_unmatched_lease
  WHERE leased_until <= ? LIMIT 1`

const GET_EVENT = 'SELECT tenant_id, id, type, version FROM posthorn_events WHERE seq = ?'

const GET_UNMATCHED = `
  SELECT horizon, token, order_key FROM posthorn_unmatched WHERE event_seq = ?`

const GET_PAYLOAD = 'SELECT body FROM posthorn_payloads WHERE event_seq = ?'

const FORGET_UNMATCHED = 'DELETE FROM posthorn_unmatched WHERE event_seq = ?'

const SET_MATCHED = `
  UPDATE posthorn_events SET state = ?, issues = ?, wanted = ?, deliveries = ? WHERE seq = ?`

/** The answer of a claim that would find nothing, which most do. */
export function noEvents({ connection, now }: StoreContext): EventClaim | undefined {
  const time = now()
  return connection.get(HAS_RECORDED, time) ? undefined : { now: time, events: [] }
}

export function claimEvents(
  { connection, now }: StoreContext,
  request: EventClaimRequest,
): EventClaim {
  const time = now()
  connection.run(FREE_EXPIRED, time)
  const seqs = connection.all(FIND_RECORDED, request.limit).map((row) => int(row, 'event_seq'))
  if (seqs.length === 0) return { now: time, events: [] }
  const { token } = nextToken(connection, 0)
  const until = time + Math.round(request.leaseMs)
  const events = seqs.flatMap((seq) => {
    connection.run(LEASE_EVENT, until, token, seq)
    return readClaimed(connection, seq, token)
  })
  return { now: time, events }
}

function readClaimed(connection: Connection, seq: number, token: number): readonly ClaimedEvent[] {
  const event = connection.get(GET_EVENT, seq)
  const unmatched = connection.get(GET_UNMATCHED, seq)
  const payload = connection.get(GET_PAYLOAD, seq)
  if (!event || !unmatched || !payload) return []
  const claimed = {
    tenantId: text(event, 'tenant_id'),
    id: text(event, 'id'),
    type: text(event, 'type'),
    version: int(event, 'version'),
    body: blob(payload, 'body'),
    horizon: int(unmatched, 'horizon'),
    token: tokenOf(seq, token),
  }
  return [claimed]
}

export function fanOutEvents(context: StoreContext, verdicts: readonly EventVerdict[]): number {
  const { connection } = context
  const now = context.now()
  const held = findHeld(connection, verdicts)
  const reserved = reserve(
    connection,
    held.reduce((sum, { verdict }) => sum + sizeOf(verdict), 0),
    now,
  )
  const writer = new DeliveryWriter(connection, now)
  for (const one of held) applyVerdict(connection, { ...one, reserved, writer })
  lookAtLines(context, held, writer)
  writer.flush()
  return held.length
}

/** What waited for these events to be matched need not wait longer. */
function lookAtLines(
  { connection, endpoints }: StoreContext,
  held: readonly HeldEvent[],
  writer: DeliveryWriter,
): void {
  const keyed = held.filter(({ orderingKey }) => orderingKey !== null)
  if (keyed.length === 0) return
  endpoints.refresh(connection)
  for (const { verdict, orderingKey } of keyed) {
    const { tenantId } = verdict
    for (const { seq: lane, ordered } of endpoints.byTenant(connection, tenantId)) {
      if (ordered && orderingKey !== null) writer.lookAtLine({ lane, key: orderingKey, tenantId })
    }
  }
}

interface HeldEvent {
  readonly seq: number
  readonly orderingKey: string | null
  readonly verdict: EventVerdict
}

/** The verdicts whose token still holds the event, the first for each. */
function findHeld(connection: Connection, verdicts: readonly EventVerdict[]): readonly HeldEvent[] {
  const held = new Map<number, HeldEvent>()
  for (const verdict of verdicts) {
    const seq = seqOf(verdict.token)
    const found = held.has(seq) ? undefined : heldEvent(connection, seq, verdict)
    if (found) held.set(seq, found)
  }
  return [...held.values()]
}

function heldEvent(
  connection: Connection,
  seq: number,
  verdict: EventVerdict,
): HeldEvent | undefined {
  const unmatched = connection.get(GET_UNMATCHED, seq) ?? {}
  const token = optionalInt(unmatched, 'token')
  if (token === undefined || verdict.token !== tokenOf(seq, token)) return undefined
  const event = connection.get(GET_EVENT, seq) ?? {}
  if (event.tenant_id !== verdict.tenantId || event.id !== verdict.id) return undefined
  return { seq, verdict, orderingKey: optionalText(unmatched, 'order_key') ?? null }
}

const sizeOf = ({ outcome }: EventVerdict): number =>
  outcome.kind === 'fanned_out' ? outcome.deliveries.length : 0

interface Applying extends HeldEvent {
  readonly reserved: Reservation
  readonly writer: DeliveryWriter
}

function applyVerdict(
  connection: Connection,
  { seq, verdict, orderingKey, reserved, writer }: Applying,
): void {
  const { outcome, tenantId } = verdict
  connection.run(FORGET_UNMATCHED, seq)
  if (outcome.kind === 'invalid') {
    connection.run(SET_MATCHED, 'invalid', JSON.stringify(outcome.issues), 0, 0, seq)
    return
  }
  const wanted = wantedOf({ fanOut: outcome })
  connection.run(SET_MATCHED, 'fanned_out', null, wanted, outcome.deliveries.length, seq)
  writer.addAll({ seq, tenantId, orderingKey }, outcome, reserved)
}
