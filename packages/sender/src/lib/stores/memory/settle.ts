import type {
  DeliveryState,
  LeaseRef,
  NextState,
  Settlement,
  SettleVerdict,
} from '../../model/delivery'
import type { CancelVerdict } from '../../ports/delivery-store'
import { catchUp, changeRow, leaseRow, suspectDueAt } from './lanes'
import { isBlocking } from './order'
import { type DeliveryRow, isUnfinished } from './rows'
import { findDelivery, type MemoryState } from './state'

/** The row, while nobody claimed, settled or canceled it after the lease was given. */
function heldRow(state: MemoryState, lease: LeaseRef): DeliveryRow | undefined {
  const row = findDelivery(state, lease.tenantId, lease.deliveryId)
  if (row?.state.status !== 'delivering') return undefined
  return row.token === lease.token && row.progress.attempt === lease.attempt ? row : undefined
}

/** An expired lease is not prolonged: its place under the endpoint's cap may be taken. */
export function extendLeases(
  state: MemoryState,
  leases: readonly LeaseRef[],
  leaseMs: number,
): readonly LeaseRef[] {
  const now = catchUp(state)
  return leases.filter((lease) => {
    const row = heldRow(state, lease)
    if (!row?.lane?.leased.has(row)) return false
    leaseRow(state, row.lane, row, Math.max(row.leasedUntil, now + leaseMs))
    return true
  })
}

export function settleDeliveries(
  state: MemoryState,
  batch: readonly Settlement[],
): readonly SettleVerdict[] {
  catchUp(state)
  return batch.map((settlement) => {
    logAttempt(state, settlement)
    const row = heldRow(state, settlement.lease)
    if (!row) return 'stale'
    applyNext(state, row, settlement)
    return 'applied'
  })
}

/** A settlement may be repeated by a worker that did not hear the answer; its attempt was made once. */
function logAttempt(state: MemoryState, { lease, attempt }: Settlement): void {
  const row = findDelivery(state, lease.tenantId, lease.deliveryId)
  if (!attempt || !row) return
  const known = row.attempts.some(
    ({ number, startedAt }) => number === attempt.number && startedAt === attempt.startedAt,
  )
  if (!known) row.attempts.push({ ...attempt })
}

function applyNext(state: MemoryState, row: DeliveryRow, { next, attempt }: Settlement): void {
  if (next.status === 'pending' && next.deferred) {
    row.progress = { ...row.progress, deferred: row.progress.deferred + 1 }
  }
  row.lastStatus = attempt?.status ?? row.lastStatus
  changeRow(state, row, toState(next, state.clock.now()))
}

function toState(next: NextState, now: number): DeliveryState {
  return next.status === 'pending'
    ? { status: 'pending', dueAt: now + next.retryInMs }
    : { ...next, finishedAt: now }
}

export function releaseLeases(state: MemoryState, leases: readonly LeaseRef[]): void {
  catchUp(state)
  for (const lease of leases) {
    const row = heldRow(state, lease)
    if (!row) continue
    row.progress = { ...row.progress, attempt: row.progress.attempt - 1 }
    changeRow(state, row, { status: 'pending', dueAt: row.dueAt })
  }
}

export function cancelDelivery(state: MemoryState, tenantId: string, id: string): CancelVerdict {
  const row = findDelivery(state, tenantId, id)
  if (!row) return 'not_found'
  if (!isUnfinished(row) && !isBlocking(row)) return 'finished'
  changeRow(state, row, { status: 'canceled', finishedAt: state.clock.now() })
  return 'canceled'
}

/** Milliseconds until a claim could answer something. */
export function nextDueIn(state: MemoryState): number | undefined {
  const now = catchUp(state)
  if (state.unmatched.size + state.healthyLine.size + state.failingLine.size > 0) return 0
  const times = [
    state.matching.peek()?.leasedUntil,
    state.leases.peek()?.leasedUntil,
    state.timer.peek()?.wakeAt,
    ...[...state.suspicious].map(suspectDueAt),
  ].filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - now)
}
