import type { DeliveryClaimRequest } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int } from '../values'
import { getQueued, longestDue, type Queued } from './queued'

const COUNT_HELD = `
  SELECT lane, count(*) AS held FROM posthorn_queue INDEXED BY posthorn_queue_leased
  WHERE line IS NULL AND leased_until > ? GROUP BY lane`

const LINE_UP = `
  SELECT lane, turn FROM posthorn_lanes INDEXED BY posthorn_lanes_line
  WHERE failing = ? AND turn IS NOT NULL ORDER BY turn, lane LIMIT 0 + ?`

/** Suspects are few: what crashes left behind. */
const FIND_SUSPECT = `
  SELECT seq FROM (
    SELECT q.seq, q.lane, q.due_at,
      (SELECT solo_turn FROM posthorn_lanes l
        WHERE l.lane = q.lane AND l.opens_at <= ? AND l.failing <= ?) AS solo_turn
    FROM posthorn_queue q INDEXED BY posthorn_queue_waiting
    WHERE q.line = 1 AND q.due_at <= ?) AS suspects
  WHERE solo_turn IS NOT NULL
    AND (SELECT count(*) FROM posthorn_queue h INDEXED BY posthorn_queue_leased
      WHERE h.line IS NULL AND h.leased_until > ? AND h.lane = suspects.lane) < ?
  ORDER BY solo_turn, due_at, seq LIMIT 1`

/** What a claim will take, and what becomes of the lanes it looked at. */
export interface Choice {
  readonly deliveries: readonly Queued[]
  /** Lanes that gave something, the one served last at the end. */
  readonly served: readonly number[]
  /** Lanes that stood in line with nothing due: the clock was put back. */
  readonly idle: readonly number[]
}

/** A lane standing in line during one claim. */
interface Standing {
  readonly lane: number
  readonly turn: number
  readonly failing: boolean
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
  return { deliveries, served: [...served], idle: idle.map(({ lane }) => lane) }
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
  { limit, perEndpoint, failingLimit }: DeliveryClaimRequest,
  now: number,
): readonly Standing[] {
  const held = new Map(
    connection.all(COUNT_HELD, now).map((row) => [int(row, 'lane'), int(row, 'held')]),
  )
  const full = [...held.values()].filter((count) => count >= perEndpoint).length
  const standing = (failing: boolean, most: number): readonly Standing[] =>
    most <= 0
      ? []
      : connection
          .all(LINE_UP, Number(failing), most + full)
          .map((row) => ({
            lane: int(row, 'lane'),
            turn: int(row, 'turn'),
            failing,
            room: perEndpoint - (held.get(int(row, 'lane')) ?? 0),
            taken: 0,
            spent: false,
          }))
          .filter(({ room }) => room > 0)
          .slice(0, most)
  return [...standing(false, limit), ...standing(true, Math.min(limit, failingLimit))]
    .sort((a, b) => a.turn - b.turn || a.lane - b.lane)
    .slice(0, Math.max(0, limit))
}

const NOTHING: Choice = { deliveries: [], served: [], idle: [] }

/** One delivery that was lost too often to be claimed beside others. */
export function chooseSuspect(
  connection: Connection,
  request: DeliveryClaimRequest,
  now: number,
): Choice {
  if (request.limit < 1) return NOTHING
  const mostFailing = request.failingLimit > 0 ? 1 : 0
  const row = connection.get(FIND_SUSPECT, now, mostFailing, now, now, request.perEndpoint)
  const queued = row && getQueued(connection, int(row, 'seq'))
  return queued ? { deliveries: [queued], served: [queued.lane], idle: [] } : NOTHING
}
