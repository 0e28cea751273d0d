import type { DeliveryClaimRequest } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int } from '../values'
import { lineUp, type Standing, type Tenant } from './line-up'
import { getQueued, longestDue, type Queued } from './queued'

/** Suspects are few: what crashes left behind. */
const FIND_SUSPECT = `
  SELECT seq FROM (
    SELECT q.seq, q.lane, q.due_at,
      (SELECT solo_turn FROM posthorn_lanes l
        WHERE l.lane = q.lane AND max(l.opens_at, l.paced_until) <= ? AND l.failing <= ?)
        AS solo_turn
    FROM posthorn_queue q INDEXED BY posthorn_queue_waiting
    WHERE q.line = 1 AND q.due_at <= ?) AS suspects
  WHERE solo_turn IS NOT NULL
    AND (SELECT count(*) FROM posthorn_queue h INDEXED BY posthorn_queue_leased
      WHERE h.line IS NULL AND h.leased_until > ? AND h.lane = suspects.lane)
    < (SELECT CASE WHEN l.failing_since <= ? THEN min(1, ?) ELSE ? END
      FROM posthorn_lanes l WHERE l.lane = suspects.lane)
  ORDER BY solo_turn, due_at, seq LIMIT 1`

/** What a claim will take, and what becomes of the lanes it looked at. */
export interface Choice {
  readonly deliveries: readonly Queued[]
  /** Lanes that gave something, the one served last at the end. */
  readonly served: readonly number[]
  /** Whose lanes these are, in the same order; none when a suspect is claimed, which takes no turn. */
  readonly tenants: readonly Tenant[]
  /** Lanes that stood in line with nothing due: the clock was put back. */
  readonly idle: readonly number[]
  /** Lanes that may have a rate limit, and how much each gave. */
  readonly limited: ReadonlyMap<number, number>
}

/** What is left of a claim's limits. */
interface Budget {
  free: number
  failing: number
}

/** From each lane in line its share of its tenant's share, round and round, until the free slots are used up. */
export function chooseInTurn(
  connection: Connection,
  request: DeliveryClaimRequest,
  now: number,
): Choice {
  const budget: Budget = { free: request.limit, failing: request.failingLimit }
  const lanes = lineUp(connection, request, now)
  const deliveries: Queued[] = []
  const served = new Set<Standing>()
  for (let open = lanes; open.length > 0; open = lanes.filter((lane) => isOpen(lane, budget))) {
    const shareOf = sharesOf(open, budget.free)
    for (const lane of open) {
      const found = takeShare(connection, lane, { budget, share: shareOf(lane), now })
      if (found.length === 0) continue
      deliveries.push(...found)
      served.delete(lane)
      served.add(lane)
    }
  }
  const idle = lanes.filter(({ spent, taken }) => spent && taken === 0)
  const limited = lanes.filter(({ limited, taken }) => limited && taken > 0)
  return {
    deliveries,
    served: [...served].map(({ lane }) => lane),
    tenants: [...served].map(({ tenant }) => tenant),
    idle: idle.map(({ lane }) => lane),
    limited: new Map(limited.map(({ lane, taken }) => [lane, taken])),
  }
}

/** The free slots in equal parts among tenants, and each part among the tenant's lanes. */
function sharesOf(open: readonly Standing[], free: number): (lane: Standing) => number {
  const lanes = new Map<Tenant, number>()
  for (const { tenant } of open) lanes.set(tenant, (lanes.get(tenant) ?? 0) + 1)
  return ({ tenant }) => Math.max(1, Math.floor(free / lanes.size / (lanes.get(tenant) ?? 1)))
}

const isOpen = (lane: Standing, { free, failing }: Budget): boolean =>
  !lane.spent && lane.room > 0 && free > 0 && (!lane.tenant.failing || failing > 0)

function takeShare(
  connection: Connection,
  lane: Standing,
  { budget, share, now }: { budget: Budget; share: number; now: number },
): readonly Queued[] {
  const limit = Math.min(
    share,
    lane.room,
    budget.free,
    lane.tenant.failing ? budget.failing : budget.free,
  )
  if (limit <= 0) return []
  const found = longestDue(connection, lane.lane, { now, limit, skip: lane.taken })
  lane.spent = found.length < limit
  lane.room -= found.length
  lane.taken += found.length
  budget.free -= found.length
  if (lane.tenant.failing) budget.failing -= found.length
  return found
}

const NOTHING: Choice = { deliveries: [], served: [], tenants: [], idle: [], limited: new Map() }

/** One delivery that was lost too often to be claimed beside others. */
export function chooseSuspect(
  connection: Connection,
  request: DeliveryClaimRequest,
  now: number,
): Choice {
  if (request.limit < 1) return NOTHING
  const { perEndpoint, probeAfterMs } = request
  const mostFailing = request.failingLimit > 0 ? 1 : 0
  const cap = [now - probeAfterMs, perEndpoint, perEndpoint]
  const row = connection.get(FIND_SUSPECT, now, mostFailing, now, now, ...cap)
  const queued = row && getQueued(connection, int(row, 'seq'))
  if (!queued) return NOTHING
  const { lane } = queued
  return {
    deliveries: [queued],
    served: [lane],
    tenants: [],
    idle: [],
    limited: new Map([[lane, 1]]),
  }
}
