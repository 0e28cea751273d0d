import type { DeliveryClaimRequest } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, optionalInt, type Row } from '../values'
import { startsLeft } from './pace'
import { getQueued, longestDue, type Queued } from './queued'

const COUNT_HELD = `
  SELECT lane, count(*) AS held FROM posthorn_queue INDEXED BY posthorn_queue_leased
  WHERE line IS NULL AND leased_until > ? GROUP BY lane`

const LINE_UP = `
  SELECT lane, turn, failing_since, pace_interval, pace_spare, pace_due
  FROM posthorn_lanes INDEXED BY posthorn_lanes_line
  WHERE failing = ? AND turn IS NOT NULL ORDER BY turn, lane LIMIT 0 + ?`

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
  /** Lanes that stood in line with nothing due: the clock was put back. */
  readonly idle: readonly number[]
  /** Lanes that may have a rate limit, and how much each gave. */
  readonly limited: ReadonlyMap<number, number>
}

/** A lane standing in line during one claim. */
interface Standing {
  readonly lane: number
  readonly turn: number
  readonly failing: boolean
  readonly limited: boolean
  /** How many more leases its endpoint may have. */
  room: number
  taken: number
  spent: boolean
}

/** What is left of a claim's limits. */
interface Budget {
  free: number
  failing: number
}

/** From each lane in line its share, round and round, until the free slots are used up. */
export function chooseInTurn(
  connection: Connection,
  request: DeliveryClaimRequest,
  now: number,
): Choice {
  const budget: Budget = { free: request.limit, failing: request.failingLimit }
  const lanes = lineUp(connection, request, now)
  const deliveries: Queued[] = []
  const served = new Set<number>()
  for (let open = lanes; open.length > 0; open = lanes.filter((lane) => isOpen(lane, budget))) {
    const share = Math.max(1, Math.floor(budget.free / open.length))
    for (const lane of open) {
      const found = takeShare(connection, lane, { budget, share, now })
      if (found.length === 0) continue
      deliveries.push(...found)
      served.delete(lane.lane)
      served.add(lane.lane)
    }
  }
  const idle = lanes.filter(({ spent, taken }) => spent && taken === 0)
  const limited = lanes.filter(({ limited, taken }) => limited && taken > 0)
  return {
    deliveries,
    served: [...served],
    idle: idle.map(({ lane }) => lane),
    limited: new Map(limited.map(({ lane, taken }) => [lane, taken])),
  }
}

const isOpen = (lane: Standing, { free, failing }: Budget): boolean =>
  !lane.spent && lane.room > 0 && free > 0 && (!lane.failing || failing > 0)

function takeShare(
  connection: Connection,
  lane: Standing,
  { budget, share, now }: { budget: Budget; share: number; now: number },
): readonly Queued[] {
  const limit = Math.min(share, lane.room, budget.free, lane.failing ? budget.failing : budget.free)
  if (limit <= 0) return []
  const found = longestDue(connection, lane.lane, { now, limit, skip: lane.taken })
  lane.spent = found.length < limit
  lane.room -= found.length
  lane.taken += found.length
  budget.free -= found.length
  if (lane.failing) budget.failing -= found.length
  return found
}

/** As many lanes as could be served, those first that have waited longest. */
function lineUp(
  connection: Connection,
  request: DeliveryClaimRequest,
  now: number,
): readonly Standing[] {
  const { limit, perEndpoint, failingLimit } = request
  const held = new Map(
    connection.all(COUNT_HELD, now).map((row) => [int(row, 'lane'), int(row, 'held')]),
  )
  // Of failing ones a single lease may be all that is allowed.
  const full = (cap: number) => [...held.values()].filter((count) => count >= cap).length
  const standing = (failing: boolean, most: number, cap: number): readonly Standing[] =>
    most <= 0
      ? []
      : connection
          .all(LINE_UP, Number(failing), most + full(cap))
          .map((row) => toStanding(row, { failing, held, request, now }))
          .filter(({ room }) => room > 0)
          .slice(0, most)
  return [
    ...standing(false, limit, perEndpoint),
    ...standing(true, Math.min(limit, failingLimit), 1),
  ]
    .sort((a, b) => a.turn - b.turn || a.lane - b.lane)
    .slice(0, Math.max(0, limit))
}

interface StandingTerms {
  readonly failing: boolean
  readonly held: ReadonlyMap<number, number>
  readonly request: DeliveryClaimRequest
  readonly now: number
}

function toStanding(row: Row, { failing, held, request, now }: StandingTerms): Standing {
  const { perEndpoint, probeAfterMs } = request
  const lane = int(row, 'lane')
  const since = optionalInt(row, 'failing_since')
  const isProbed = since !== undefined && since <= now - probeAfterMs
  const cap = isProbed ? Math.min(1, perEndpoint) : perEndpoint
  return {
    lane,
    turn: int(row, 'turn'),
    failing,
    limited: row.pace_interval !== null,
    room: Math.min(cap - (held.get(lane) ?? 0), startsLeft(row, now)),
    taken: 0,
    spent: false,
  }
}

const NOTHING: Choice = { deliveries: [], served: [], idle: [], limited: new Map() }

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
  return { deliveries: [queued], served: [lane], idle: [], limited: new Map([[lane, 1]]) }
}
