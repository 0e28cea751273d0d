import { Heap } from './heap'
import { type DeliveryRow, type EventRow, type KeyLine, keyOf, type Lane } from './rows'
import type { MemoryState } from './state'
import { effectiveOrder } from './terms'

/*
 * Of each ordering key only the first row is in its lane's heaps; the others wait in the key's line. So a claim never looks at them.
 */

/** The line that a row stands in; undefined when its endpoint or event knows no order. */
export function lineFor(lane: Lane, row: DeliveryRow): KeyLine | undefined {
  const key = row.event.orderingKey
  if (key === undefined || effectiveOrder(lane.endpoint) === undefined) return undefined
  const known = lane.lines.get(key)
  if (known) return known
  const line: KeyLine = {
    key,
    first: undefined,
    waiting: new Heap((a, b) => a.position < b.position),
    blockedBy: undefined,
  }
  lane.lines.set(key, line)
  return line
}

/** The row that became first of its line, if one did. */
export function promote(state: MemoryState, line: KeyLine): DeliveryRow | undefined {
  const next = line.waiting.peek()
  if (line.first || !next || isGated(state, line, next)) return undefined
  line.waiting.remove(next)
  line.first = next
  return next
}

/** Held back by a row that failed, or by an earlier event that is still to be matched. */
function isGated(state: MemoryState, line: KeyLine, { event, position }: DeliveryRow): boolean {
  if (line.blockedBy && line.blockedBy.event !== event) return true
  const [earliest] = state.unmatchedOfKey.get(unmatchedKey(event)) ?? []
  return earliest !== undefined && earliest.seq < position
}

const unmatchedKey = ({ tenantId, orderingKey = '' }: EventRow): string =>
  keyOf(tenantId, orderingKey)

/** Recorded, and not matched yet: what comes later under its key waits. */
export function noteUnmatched(state: MemoryState, event: EventRow): void {
  if (event.orderingKey === undefined) return
  const key = unmatchedKey(event)
  const events = state.unmatchedOfKey.get(key) ?? new Set()
  state.unmatchedOfKey.set(key, events.add(event))
}

export function forgetUnmatched(state: MemoryState, event: EventRow): void {
  const key = unmatchedKey(event)
  const events = state.unmatchedOfKey.get(key)
  events?.delete(event)
  if (events?.size === 0) state.unmatchedOfKey.delete(key)
}

/** A finished row leaves its line, and may block it. */
export function leaveKeyLine(lane: Lane, row: DeliveryRow): KeyLine | undefined {
  const line = lineFor(lane, row)
  if (!line) return undefined
  const wasFirst = line.first === row
  if (wasFirst) line.first = undefined
  const failed = row.state.status === 'failed'
  if (wasFirst && failed && lane.endpoint.ordered === 'block') line.blockedBy = row
  else if (!failed && line.blockedBy?.event === row.event) line.blockedBy = undefined
  return line
}

/** Whether its failure keeps others waiting. */
export function isBlocking(row: DeliveryRow): boolean {
  const key = row.event.orderingKey
  return key !== undefined && row.lane?.lines.get(key)?.blockedBy === row
}

/** Where a new delivery of an event stands: with its event, or last when it is a replay, unless of what blocks the line. */
export function positionOf(
  lane: Lane | undefined,
  event: EventRow,
  replay: { readonly seq: number } | undefined,
): number {
  if (!replay) return event.seq
  const blockedBy = lane?.lines.get(event.orderingKey ?? '')?.blockedBy
  return blockedBy?.event === event ? blockedBy.position : replay.seq
}
