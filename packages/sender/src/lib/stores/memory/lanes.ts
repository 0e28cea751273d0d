import type { DeliveryState } from '../../model/delivery'
import type { EndpointRecord } from '../../model/endpoint'
import { Heap } from './heap'
import type { Line } from './line'
import { leaveKeyLine, lineFor, promote } from './order'
import { type DeliveryRow, type KeyLine, type Lane, lossesOf } from './rows'
import type { MemoryState } from './state'
import { openFrom } from './terms'

/** Lost leases from which on a delivery is only claimed alone. */
const SUSPECT_AFTER = 2

const longestDue = (a: DeliveryRow, b: DeliveryRow): boolean =>
  a.dueAt === b.dueAt ? a.seq < b.seq : a.dueAt < b.dueAt

export function createLane(endpoint: EndpointRecord): Lane {
  return {
    endpoint,
    ready: new Heap(longestDue),
    suspects: new Heap(longestDue),
    leased: new Set(),
    turn: 0,
    soloTurn: 0,
    wakeAt: 0,
    paceDue: 0,
    lines: new Map(),
    slot: -1,
  }
}

/** When the lane's first suspect may be claimed, alone. */
export function suspectDueAt(lane: Lane): number | undefined {
  const row = lane.suspects.peek()
  const opens = openFrom(lane)
  return row && opens !== undefined ? Math.max(row.dueAt, opens) : undefined
}

/** Puts a lane where it now belongs: in line (keeping its turn if it stood there), in the timer, or nowhere. */
export function arrange(state: MemoryState, lane: Lane, now: number): void {
  const stoodInLine = leaveLine(state, lane)
  state.timer.remove(lane)
  const next = lane.ready.peek()
  const opens = openFrom(lane)
  if (!next || opens === undefined) return
  lane.wakeAt = Math.max(next.dueAt, opens)
  if (lane.wakeAt > now) {
    state.timer.push(lane)
    return
  }
  if (!stoodInLine) lane.turn = ++state.counters.turns
  lineOf(state, lane).join(lane)
}

/** The line of those that are as its endpoint is. */
export function lineOf(state: MemoryState, { endpoint }: Lane): Line {
  return endpoint.health.state === 'failing' ? state.failingLine : state.healthyLine
}

/** Its endpoint may have turned healthy or failing since it joined. */
const leaveLine = (state: MemoryState, lane: Lane): boolean =>
  state.healthyLine.leave(lane) || state.failingLine.leave(lane)

/** Lets a row wait until it is due, and until it is first of its ordering key. */
function enqueueRow(state: MemoryState, lane: Lane, row: DeliveryRow): void {
  const line = lineFor(lane, row)
  if (!line || line.first === row) {
    enterLane(state, lane, row)
  } else {
    line.waiting.push(row)
    advance(state, lane, line)
  }
}

/** Lets the next of an ordering key into the lane, if it may go. A line that nobody stands in is forgotten. */
export function advance(state: MemoryState, lane: Lane, line: KeyLine): void {
  const next = promote(state, line)
  if (next) enterLane(state, lane, next)
  if (!line.first && !line.blockedBy && line.waiting.size === 0) lane.lines.delete(line.key)
}

function enterLane(state: MemoryState, lane: Lane, row: DeliveryRow): void {
  if (lossesOf(row) < SUSPECT_AFTER) {
    lane.ready.push(row)
  } else {
    lane.suspects.push(row)
    state.suspicious.add(lane)
  }
}

/** Takes a row out of its lane, wherever in it. */
function withdrawRow(state: MemoryState, lane: Lane, row: DeliveryRow): void {
  state.leases.remove(row)
  lane.leased.delete(row)
  lane.ready.remove(row)
  lane.suspects.remove(row)
  lane.lines.get(row.event.orderingKey ?? '')?.waiting.remove(row)
  if (lane.suspects.size === 0) state.suspicious.delete(lane)
}

/** Moves a row to another state, and its lane along with it. A lease it had is void. */
export function changeRow(state: MemoryState, row: DeliveryRow, next: DeliveryState): void {
  const lane = row.lane
  if (lane) withdrawRow(state, lane, row)
  row.state = next
  row.token = undefined
  row.solo = false
  if (!lane) return
  if (next.status === 'pending') {
    row.dueAt = next.dueAt
    enqueueRow(state, lane, row)
  } else {
    const line = leaveKeyLine(lane, row)
    if (line) advance(state, lane, line)
  }
  arrange(state, lane, state.clock.now())
}

/** Lines the lane's rows up anew, after its endpoint's order changed. Those under a lease keep it. */
export function lineUp(state: MemoryState, lane: Lane): void {
  const held = [...lane.lines.values()].flatMap(({ waiting }) => [...waiting.values()])
  const rows = [...lane.ready.values(), ...lane.suspects.values(), ...held]
  for (const row of rows) withdrawRow(state, lane, row)
  lane.lines.clear()
  for (const row of [...lane.leased].sort(byPosition)) {
    const line = lineFor(lane, row)
    if (line) line.first ??= row
  }
  for (const row of rows.sort(byPosition)) enqueueRow(state, lane, row)
}

const byPosition = (a: DeliveryRow, b: DeliveryRow): number => a.position - b.position

/** All that is unfinished in a lane. */
export function unfinishedIn(lane: Lane): readonly DeliveryRow[] {
  const held = [...lane.lines.values()].flatMap(({ waiting }) => [...waiting.values()])
  return [...lane.ready.values(), ...lane.suspects.values(), ...lane.leased, ...held]
}

/** Puts a row under a lease; its lane is to be arranged by the caller. */
export function leaseRow(state: MemoryState, lane: Lane, row: DeliveryRow, until: number): void {
  withdrawRow(state, lane, row)
  row.leasedUntil = until
  row.state = { status: 'delivering', leasedUntil: until }
  lane.leased.add(row)
  state.leases.push(row)
}

/** Lets the time that has passed take effect: leases that ran out, lanes that came due. Answers the time it is. */
export function catchUp(state: MemoryState): number {
  const now = state.clock.now()
  let row = state.leases.peek()
  for (; row && row.leasedUntil <= now; row = state.leases.peek()) expireLease(state, row, now)
  let lane = state.timer.peek()
  for (; lane && lane.wakeAt <= now; lane = state.timer.peek()) arrange(state, lane, now)
  return now
}

/** An expired row goes back to its place in the lane, and stays `delivering` in the log until it is claimed again. */
function expireLease(state: MemoryState, row: DeliveryRow, now: number): void {
  state.leases.remove(row)
  if (!row.lane) return
  withdrawRow(state, row.lane, row)
  enqueueRow(state, row.lane, row)
  arrange(state, row.lane, now)
}
