import type { ClaimedDelivery } from '../../model/delivery'
import type { NewEvent } from '../../model/event'
import { dueAfter } from '../../model/pace'
import type {
  DeliveryClaim,
  DeliveryClaimRequest,
  InsertedAndClaimed,
} from '../../ports/delivery-store'
import { insertEvents } from './events'
import { arrange, catchUp, leaseRow, lineOf, suspectDueAt } from './lanes'
import { type DeliveryRow, type Lane, lossesOf } from './rows'
import { type MemoryState, newToken } from './state'
import { capOf, effectivePace } from './terms'

export function claimDeliveries(state: MemoryState, request: DeliveryClaimRequest): DeliveryClaim {
  const now = catchUp(state)
  const deliveries = request.solo
    ? claimSuspect(state, request, now)
    : claimInTurn(state, request, now)
  return { now, deliveries, suspects: waitingSuspects(state, now).length > 0 }
}

export function insertAndClaim(
  state: MemoryState,
  events: readonly NewEvent[],
  request: DeliveryClaimRequest,
): InsertedAndClaimed {
  return { events: insertEvents(state, events), claim: claimDeliveries(state, request) }
}

/** One delivery of each tenant in line, round and round, each time of its next lane, until the free slots are used up. */
function claimInTurn(
  state: MemoryState,
  request: DeliveryClaimRequest,
  now: number,
): readonly ClaimedDelivery[] {
  const claimed: ClaimedDelivery[] = []
  const full: Lane[] = []
  let failingLeft = request.failingLimit
  while (claimed.length < request.limit) {
    const lane = nextInLine(state, failingLeft > 0)
    if (!lane) break
    const row = lane.ready.peek()
    const line = lineOf(state, lane)
    if (!row || lane.leased.size >= capOf(lane.endpoint, request, now)) {
      line.leave(lane)
      full.push(lane)
      continue
    }
    line.serve(lane, ++state.counters.turns)
    if (lane.endpoint.health.state === 'failing') failingLeft -= 1
    claimed.push(claimRow(state, lane, row, { ...request, now }))
    arrange(state, lane, now)
  }
  for (const lane of full) lineOf(state, lane).join(lane)
  return claimed
}

/** Of the tenant that has waited longest, of both lines while failing endpoints may still be served. */
function nextInLine(state: MemoryState, withFailing: boolean): Lane | undefined {
  const healthy = state.healthyLine.first()
  const failing = withFailing ? state.failingLine.first() : undefined
  if (!healthy || !failing) return (healthy ?? failing)?.lane
  return failing.turn < healthy.turn ? failing.lane : healthy.lane
}

function claimSuspect(
  state: MemoryState,
  request: DeliveryClaimRequest,
  now: number,
): readonly ClaimedDelivery[] {
  const lane = waitingSuspects(state, now)
    .filter((lane) => lane.leased.size < capOf(lane.endpoint, request, now))
    .filter((lane) => request.failingLimit > 0 || lane.endpoint.health.state !== 'failing')
    .reduce<Lane | undefined>((a, b) => (a && a.soloTurn <= b.soloTurn ? a : b), undefined)
  const row = lane?.suspects.peek()
  if (!lane || !row || request.limit < 1) return []
  lane.soloTurn = ++state.counters.turns
  return [claimRow(state, lane, row, { ...request, now })]
}

/** Suspects are few: what a crash took down with it. */
function waitingSuspects(state: MemoryState, now: number): readonly Lane[] {
  return [...state.suspicious].filter((lane) => {
    const due = suspectDueAt(lane)
    return due !== undefined && due <= now
  })
}

interface ClaimTerms {
  readonly now: number
  readonly leaseMs: number
  readonly solo: boolean
}

function claimRow(
  state: MemoryState,
  lane: Lane,
  row: DeliveryRow,
  terms: ClaimTerms,
): ClaimedDelivery {
  row.progress = {
    attempt: row.progress.attempt + 1,
    lost: lossesOf(row),
    soloLost: row.progress.soloLost + (isLost(row) && row.solo ? 1 : 0),
    deferred: row.progress.deferred,
  }
  const token = newToken(state)
  row.token = token
  row.solo = terms.solo
  leaseRow(state, lane, row, terms.now + terms.leaseMs)
  const pace = effectivePace(lane.endpoint)
  if (pace) lane.paceDue = dueAfter(pace, lane.paceDue, terms.now, 1)
  return toClaimedDelivery(lane, row, token)
}

const isLost = (row: DeliveryRow): boolean => row.state.status === 'delivering'

function toClaimedDelivery(lane: Lane, row: DeliveryRow, token: string): ClaimedDelivery {
  const { event, progress } = row
  return {
    lease: {
      tenantId: event.tenantId,
      deliveryId: row.id,
      attempt: progress.attempt,
      token,
    },
    eventId: event.id,
    eventType: event.type,
    ...(event.orderingKey === undefined ? {} : { orderingKey: event.orderingKey }),
    messageId: row.messageId,
    progress,
    createdAt: row.createdAt,
    endpoint: lane.endpoint,
    body: bodyFor(row.envelope, event),
    metadata: event.metadata,
  }
}

export function bodyFor(
  envelope: string | undefined,
  event: DeliveryRow['event'],
): Uint8Array | undefined {
  return envelope === undefined ? event.body : event.bodies.get(envelope)
}
