import type { Pruned, PruneRequest } from '../../ports/retention'
import { isBlocking } from './order'
import { type DeliveryRow, type EventRow, isUnfinished, keyOf } from './rows'
import { logOf, type MemoryState } from './state'

export function prune(state: MemoryState, request: PruneRequest): Pruned {
  const now = state.clock.now()
  const before = (age: number | undefined): number =>
    age === undefined ? Number.NEGATIVE_INFINITY : now - age
  const limit = request.limit
  return {
    payloads: prunePayloads(state, before(request.events), limit),
    attempts: pruneAttempts(state, before(request.attempts), limit),
    deliveries: pruneDeliveries(state, before(request.attempts), limit),
    events: request.attempts === undefined ? 0 : pruneEvents(state, limit),
  }
}

const isNeeded = (event: EventRow): boolean =>
  event.state.state === 'recorded' ||
  event.deliveries.some((row) => isUnfinished(row) || isBlocking(row))

function prunePayloads(state: MemoryState, before: number, limit: number): number {
  let dropped = 0
  for (const event of state.all.events) {
    if (dropped >= limit || event.recordedAt >= before) break
    if (!event.body || isNeeded(event)) continue
    event.body = undefined
    event.bodies.clear()
    forgetKey(state, event)
    dropped += 1
  }
  return dropped
}

function forgetKey(state: MemoryState, event: EventRow): void {
  if (event.idempotencyKey === undefined) return
  state.idempotency.delete(keyOf(event.tenantId, event.idempotencyKey))
  event.idempotencyKey = undefined
}

/** Attempts are kept in the order they were logged, which for one delivery is nearly that of their ages. */
function pruneAttempts(state: MemoryState, before: number, limit: number): number {
  let dropped = 0
  for (const { attempts } of state.all.deliveries) {
    if (dropped >= limit) break
    const old = attempts.filter(({ startedAt }) => startedAt < before).slice(0, limit - dropped)
    if (old.length === 0) continue
    attempts.splice(0, attempts.length, ...attempts.filter((attempt) => !old.includes(attempt)))
    dropped += old.length
  }
  return dropped
}

/** A delivery goes after its attempts, so that no call touches more than the limit of either. */
function pruneDeliveries(state: MemoryState, before: number, limit: number): number {
  const gone = take(state.all.deliveries, limit, (row) => isOver(row, before))
  for (const row of gone) state.deliveries.delete(keyOf(row.event.tenantId, row.id))
  const dropped = new Set(gone)
  for (const event of new Set(gone.map((row) => row.event))) drop(event.deliveries, dropped)
  drop(state.all.deliveries, dropped)
  for (const tenantId of new Set(gone.map((row) => row.event.tenantId))) {
    drop(logOf(state, tenantId).deliveries, dropped)
  }
  return gone.length
}

function isOver(row: DeliveryRow, before: number): boolean {
  const { state, attempts } = row
  const isOld = 'finishedAt' in state && state.finishedAt < before && attempts.length === 0
  return isOld && !isBlocking(row)
}

function pruneEvents(state: MemoryState, limit: number): number {
  const gone = take(
    state.all.events,
    limit,
    (event) => !event.body && event.deliveries.length === 0,
  )
  for (const event of gone) state.events.delete(keyOf(event.tenantId, event.id))
  const dropped = new Set(gone)
  drop(state.all.events, dropped)
  for (const tenantId of new Set(gone.map((event) => event.tenantId))) {
    drop(logOf(state, tenantId).events, dropped)
  }
  return gone.length
}

function take<Row>(
  rows: readonly Row[],
  limit: number,
  wants: (row: Row) => boolean,
): readonly Row[] {
  const taken: Row[] = []
  for (const row of rows) {
    if (taken.length >= limit) break
    if (wants(row)) taken.push(row)
  }
  return taken
}

function drop<Row>(rows: Row[], gone: ReadonlySet<Row>): void {
  if (gone.size === 0) return
  let kept = 0
  for (const row of rows) if (!gone.has(row)) rows[kept++] = row
  rows.length = kept
}
