import type { DeliveryClaimRequest, InsertedAndClaimed, NewEvent } from '@posthorn/sender'
import type { Database } from '../database'
import { text } from '../values'
import { rowOf } from './answers'
import { claimColumns, claimDeliveries, readClaim } from './claims'
import { eventColumns, eventOrder, insertEvents, insertedIn } from './events'
import type { LaneReport, OwnedLane } from './lanes'
import type { LaneMemory } from './memory'
import { deliveriesOf } from './new-events'

/**
 * Writes events and claims, as one statement where this process knows the endpoints: their lanes stand in line with those that wait, so no search
 * precedes it. Other processes' work is the next claim's to find.
 */
export async function insertAndClaim(
  database: Database,
  memory: LaneMemory,
  events: readonly NewEvent[],
  request: DeliveryClaimRequest,
): Promise<InsertedAndClaimed> {
  const own = lanesOf(events, memory)
  if (own === undefined || request.solo || request.limit <= 0)
    return insertThenClaim(database, memory, events, request)
  memory.filled(own)
  const plan = memory.lanes.plan(request.limit, request.perEndpoint, request.failingLimit)
  const order = eventOrder(events)
  const terms = claimColumns(request, { plan, memory, waits: false })
  const columns = [...terms, ...eventColumns(events, order)]
  const [inserted, ...claimed] = await database.select('claim_deliveries', columns)
  const result = insertedIn(answerOf(inserted), events, order)
  const { claim, report } = readClaim(claimed, memory)
  memory.lanes.learn(plan, report)
  memory.filled(own.filter((lane) => hasMore(lane, report)))
  return { events: result, claim }
}

async function insertThenClaim(
  database: Database,
  memory: LaneMemory,
  events: readonly NewEvent[],
  request: DeliveryClaimRequest,
): Promise<InsertedAndClaimed> {
  const result = await insertEvents(database, events)
  memory.sent(deliveriesOf(events))
  return { events: result, claim: await claimDeliveries(database, memory, request) }
}

/** The lanes that get deliveries; undefined when there is none, or one of an endpoint that this process has not seen yet. */
function lanesOf(
  events: readonly NewEvent[],
  memory: LaneMemory,
): readonly OwnedLane[] | undefined {
  const lanes = new Map<number, OwnedLane>()
  for (const delivery of deliveriesOf(events)) {
    const lane = memory.laneOf(delivery)
    if (lane === undefined) return undefined
    lanes.set(lane.id, lane)
  }
  return lanes.size === 0 ? undefined : [...lanes.values()]
}

const answerOf = (row: unknown): unknown => JSON.parse(text(rowOf(row), 'note'))

/** A lane that was not looked at, or another session was at, has more as well. */
const hasMore = ({ id }: OwnedLane, { found }: LaneReport): boolean =>
  (found.get(id)?.left ?? 1) > 0
