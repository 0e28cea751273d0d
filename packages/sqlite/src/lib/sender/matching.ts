import type { ClaimedEvent, EventClaim, EventClaimRequest, EventVerdict } from '@posthorn/sender'
import type { Connection } from '../connection'
import { blob, int, optionalInt, type Row, text } from '../values'
import type { StoreContext } from './context'
import { nextToken, type Reservation, reserve } from './counters'
import { DeliveryWriter } from './deliveries'
import { wantedOf } from './events'
import { tokenOf } from './leases'

/** Nobody else took them: whoever still has the token may yet use it. */
const FREE_EXPIRED = `
  UPDATE posthorn_unmatched SET leased_until = 0 WHERE leased_until > 0 AND leased_until <= ?`

const FIND_RECORDED = `
  SELECT event_seq FROM posthorn_unmatched WHERE leased_until = 0 ORDER BY event_seq LIMIT 0 + ?`

const LEASE_EVENTS = `
  UPDATE posthorn_unmatched SET leased_until = ?, token = ?
  WHERE event_seq IN (SELECT value FROM json_each(?))`

const READ_CLAIMED = `
  SELECT e.seq, e.tenant_id, e.id, e.type, e.version, u.horizon, p.body
  FROM json_each(?) AS j
    CROSS JOIN posthorn_unmatched u ON u.event_seq = j.value
    CROSS JOIN posthorn_events e ON e.seq = u.event_seq
    CROSS JOIN posthorn_payloads p ON p.event_seq = u.event_seq`

const FIND_HELD_EVENTS = `
  SELECT j.key AS position, u.event_seq, u.token
  FROM json_each(?) AS j
    CROSS JOIN posthorn_events e ON e.tenant_id = j.value ->> 0 AND e.id = j.value ->> 1
    CROSS JOIN posthorn_unmatched u ON u.event_seq = e.seq`

const FORGET_UNMATCHED = 'DELETE FROM posthorn_unmatched WHERE event_seq = ?'

const SET_MATCHED = `
  UPDATE posthorn_events SET state = ?, issues = ?, wanted = ?, deliveries = ? WHERE seq = ?`

export function claimEvents(
  { connection, now }: StoreContext,
  request: EventClaimRequest,
): EventClaim {
  const time = now()
  connection.run(FREE_EXPIRED, time)
  const seqs = connection.all(FIND_RECORDED, request.limit).map((row) => int(row, 'event_seq'))
  if (seqs.length === 0) return { now: time, events: [] }
  const { token } = nextToken(connection, 0)
  const claimed = JSON.stringify(seqs)
  connection.run(LEASE_EVENTS, time + Math.round(request.leaseMs), token, claimed)
  const events = connection.all(READ_CLAIMED, claimed).map((row) => toClaimed(row, token))
  return { now: time, events }
}

function toClaimed(row: Row, token: number): ClaimedEvent {
  return {
    tenantId: text(row, 'tenant_id'),
    id: text(row, 'id'),
    type: text(row, 'type'),
    version: int(row, 'version'),
    body: blob(row, 'body'),
    horizon: int(row, 'horizon'),
    token: tokenOf(int(row, 'seq'), token),
  }
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
  for (const { seq, verdict } of held) applyVerdict(connection, { seq, verdict, reserved, writer })
  writer.flush()
  return held.length
}

interface HeldEvent {
  readonly seq: number
  readonly verdict: EventVerdict
}

/** The verdicts whose token still holds the event, the first for each. */
function findHeld(connection: Connection, verdicts: readonly EventVerdict[]): readonly HeldEvent[] {
  const keys = JSON.stringify(verdicts.map(({ tenantId, id }) => [tenantId, id]))
  const held = new Map<number, HeldEvent>()
  for (const row of connection.all(FIND_HELD_EVENTS, keys)) {
    const seq = int(row, 'event_seq')
    const verdict = verdicts[int(row, 'position')]
    const token = optionalInt(row, 'token')
    if (token === undefined || verdict?.token !== tokenOf(seq, token)) continue
    if (!held.has(seq)) held.set(seq, { seq, verdict })
  }
  return [...held.values()]
}

const sizeOf = ({ outcome }: EventVerdict): number =>
  outcome.kind === 'fanned_out' ? outcome.deliveries.length : 0

interface Applying extends HeldEvent {
  readonly reserved: Reservation
  readonly writer: DeliveryWriter
}

function applyVerdict(connection: Connection, { seq, verdict, reserved, writer }: Applying): void {
  const { outcome, tenantId } = verdict
  connection.run(FORGET_UNMATCHED, seq)
  if (outcome.kind === 'invalid') {
    connection.run(SET_MATCHED, 'invalid', JSON.stringify(outcome.issues), 0, 0, seq)
    return
  }
  const wanted = wantedOf({ fanOut: outcome })
  connection.run(SET_MATCHED, 'fanned_out', null, wanted, outcome.deliveries.length, seq)
  writer.addAll({ seq, tenantId }, outcome, reserved)
}
