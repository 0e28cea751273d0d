import type { DeliveryState } from '../../model/delivery'
import type {
  ClaimedEvent,
  EventState,
  EventVerdict,
  FanOut,
  InsertedEvent,
  NewDelivery,
  NewEvent,
} from '../../model/event'
import { outdated } from '../../model/outdated'
import type { EventClaim, EventClaimRequest } from '../../ports/delivery-store'
import { markOf } from './endpoints'
import { advance, arrange, changeRow } from './lanes'
import { forgetUnmatched, noteUnmatched, positionOf } from './order'
import { type DeliveryRow, type EventRow, keyOf } from './rows'
import { findEvent, findLane, logOf, type MemoryState, newToken } from './state'

export function insertEvents(
  state: MemoryState,
  events: readonly NewEvent[],
): readonly InsertedEvent[] {
  return events.map((event) => {
    if (event.mark !== undefined && event.mark !== markOf(state)) return outdated(event)
    const known = findKnown(state, event)
    const row = known ?? recordEvent(state, event)
    return { eventId: row.id, duplicate: known !== undefined, deliveries: row.wanted }
  })
}

function findKnown(state: MemoryState, event: NewEvent): EventRow | undefined {
  const { tenantId, id, idempotencyKey } = event
  const byKey =
    idempotencyKey === undefined
      ? undefined
      : state.idempotency.get(keyOf(tenantId, idempotencyKey))
  return byKey ?? findEvent(state, tenantId, id)
}

function recordEvent(state: MemoryState, event: NewEvent): EventRow {
  const row = createEventRow(state, event)
  state.events.set(keyOf(row.tenantId, row.id), row)
  if (row.idempotencyKey !== undefined) {
    state.idempotency.set(keyOf(row.tenantId, row.idempotencyKey), row)
  }
  state.all.events.push(row)
  logOf(state, row.tenantId).events.push(row)
  if (event.fanOut) applyFanOut(state, row, event.fanOut)
  else awaitMatch(state, row)
  return row
}

function awaitMatch(state: MemoryState, row: EventRow): void {
  state.unmatched.push(row)
  noteUnmatched(state, row)
}

function createEventRow(state: MemoryState, event: NewEvent): EventRow {
  return {
    slot: -1,
    seq: ++state.counters.seq,
    tenantId: event.tenantId,
    id: event.id,
    type: event.type,
    version: event.version,
    timestamp: event.timestamp,
    recordedAt: state.clock.now(),
    idempotencyKey: event.idempotencyKey,
    orderingKey: event.orderingKey,
    metadata: { ...event.metadata },
    horizon: state.counters.endpoints,
    body: event.body.slice(),
    bodies: new Map(),
    deliveries: [],
    state: { state: 'recorded' },
    wanted: 0,
    renewals: 0,
    token: undefined,
    leasedUntil: 0,
  }
}

/** Hands recorded events out, oldest first; those whose lease ran out are as good as never claimed. */
export function claimEvents(state: MemoryState, request: EventClaimRequest): EventClaim {
  const now = state.clock.now()
  let lost = state.matching.peek()
  for (; lost && lost.leasedUntil <= now; lost = state.matching.peek()) {
    state.matching.remove(lost)
    state.unmatched.push(lost)
  }
  const events: ClaimedEvent[] = []
  while (events.length < request.limit) {
    const row = state.unmatched.pop()
    if (!row?.body) break
    row.token = newToken(state)
    row.leasedUntil = now + request.leaseMs
    state.matching.push(row)
    events.push(toClaimedEvent(row, row.body, row.token))
  }
  return { now, events }
}

function toClaimedEvent(row: EventRow, body: Uint8Array, token: string): ClaimedEvent {
  const { tenantId, id, type, version, horizon } = row
  return { tenantId, id, type, version, horizon, body, token }
}

export function fanOutEvents(state: MemoryState, verdicts: readonly EventVerdict[]): number {
  return verdicts.filter((verdict) => applyVerdict(state, verdict)).length
}

function applyVerdict(state: MemoryState, { tenantId, id, token, outcome }: EventVerdict): boolean {
  const row = findEvent(state, tenantId, id)
  if (row?.state.state !== 'recorded' || row.token !== token) return false
  state.matching.remove(row)
  state.unmatched.remove(row)
  forgetUnmatched(state, row)
  if (outcome.kind === 'fanned_out') applyFanOut(state, row, outcome)
  else settleEvent(row, { state: 'invalid', issues: outcome.issues })
  releaseKey(state, row)
  return true
}

/** What waited for this event to be matched need not wait longer. */
function releaseKey(state: MemoryState, { tenantId, orderingKey }: EventRow): void {
  if (orderingKey === undefined) return
  for (const lane of state.lanesOfTenant.get(tenantId) ?? []) {
    const line = lane.lines.get(orderingKey)
    if (!line) continue
    advance(state, lane, line)
    arrange(state, lane, state.clock.now())
  }
}

function settleEvent(row: EventRow, next: EventState): void {
  row.state = next
  row.token = undefined
}

function applyFanOut(state: MemoryState, row: EventRow, fanOut: FanOut): void {
  settleEvent(row, { state: 'fanned_out' })
  for (const { envelope, body } of fanOut.bodies) row.bodies.set(envelope, body.slice())
  for (const delivery of fanOut.deliveries) {
    addDelivery(state, row, { messageId: row.id, ...delivery })
    if (delivery.state.status === 'pending') row.wanted += 1
  }
}

export interface AddedDelivery extends NewDelivery {
  readonly messageId: string
  readonly isReplay?: boolean
  readonly replayOf?: string
}

/** Due at once, unless skipped; born canceled when its endpoint is gone. */
export function addDelivery(state: MemoryState, event: EventRow, added: AddedDelivery): void {
  const now = state.clock.now()
  const seq = ++state.counters.seq
  const lane = findLane(state, event.tenantId, added.endpointId)
  const row: DeliveryRow = {
    slot: -1,
    seq,
    id: added.id,
    event,
    endpointId: added.endpointId,
    lane,
    position: positionOf(lane, event, added.isReplay ? { seq } : undefined),
    messageId: added.messageId,
    envelope: added.envelope,
    replayOf: added.replayOf,
    createdAt: now,
    attempts: [],
    state: { status: 'canceled', finishedAt: now },
    progress: { attempt: 0, lost: 0, soloLost: 0, deferred: 0 },
    dueAt: now,
    leasedUntil: 0,
    token: undefined,
    solo: false,
    lastStatus: undefined,
  }
  event.deliveries.push(row)
  state.deliveries.set(keyOf(event.tenantId, row.id), row)
  state.all.deliveries.push(row)
  logOf(state, event.tenantId).deliveries.push(row)
  changeRow(state, row, firstState(row, added, now))
}

function firstState(row: DeliveryRow, added: AddedDelivery, now: number): DeliveryState {
  if (added.state.status === 'skipped') return { ...added.state, finishedAt: now }
  if (!row.lane) return { status: 'canceled', finishedAt: now }
  return { status: 'pending', dueAt: now }
}
