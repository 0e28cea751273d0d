import type { CancelVerdict, DeliveryClaim, LeaseRef } from '@posthorn/sender'
import { optionalInt } from '../values'
import type { StoreContext } from './context'
import { finish, giveUp } from './finish'
import { refreshLane } from './lanes'
import * as leases from './leases'
import { getQueued } from './queued'

const NEXT_TIMES = `
  SELECT
    (SELECT min(leased_until) FROM posthorn_unmatched INDEXED BY posthorn_unmatched_lease)
      AS recorded,
    (SELECT 0 FROM posthorn_lanes INDEXED BY posthorn_lanes_line WHERE turn IS NOT NULL LIMIT 1)
      AS in_line,
    (SELECT min(wake_at) FROM posthorn_lanes INDEXED BY posthorn_lanes_timer
      WHERE wake_at IS NOT NULL) AS waking,
    (SELECT min(leased_until) FROM posthorn_queue INDEXED BY posthorn_queue_leased
      WHERE line IS NULL) AS leased,
    (SELECT min(max(q.due_at, (SELECT max(opens_at, paced_until)
      FROM posthorn_lanes l WHERE l.lane = q.lane)))
      FROM posthorn_queue q INDEXED BY posthorn_queue_waiting WHERE q.line = 1) AS suspect`

/** When each kind of work could next be claimed; undefined where there is none. */
export interface NextTimes {
  readonly recorded: number | undefined
  readonly inLine: number | undefined
  readonly waking: number | undefined
  /** When the first lease runs out. */
  readonly leased: number | undefined
  readonly suspect: number | undefined
}

export function nextTimes({ connection }: Pick<StoreContext, 'connection'>): NextTimes {
  const row = connection.get(NEXT_TIMES) ?? {}
  return {
    recorded: optionalInt(row, 'recorded'),
    inLine: optionalInt(row, 'in_line'),
    waking: optionalInt(row, 'waking'),
    leased: optionalInt(row, 'leased'),
    suspect: optionalInt(row, 'suspect'),
  }
}

export const isPast = (time: number | undefined, now: number): boolean =>
  time !== undefined && time <= now

/** Milliseconds until a claim could answer something. */
export function nextDueIn(context: StoreContext): number | undefined {
  const { recorded, inLine, waking, leased, suspect } = nextTimes(context)
  const times = [recorded, inLine, waking, leased, suspect].filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - context.now())
}

/** The answer of a claim that would find nothing; a worker asks after each slot that it frees. */
export function nothingDue(
  { now }: StoreContext,
  { inLine, waking, leased, suspect }: NextTimes,
): DeliveryClaim | undefined {
  const time = now()
  if ([inLine, waking, leased, suspect].some((each) => isPast(each, time))) return undefined
  return { now: time, deliveries: [], suspects: false }
}

export function cancelDelivery(
  { connection, now }: StoreContext,
  tenantId: string,
  deliveryId: string,
): CancelVerdict {
  const seq = leases.findSeq(connection, tenantId, deliveryId)
  if (seq === undefined) return 'not_found'
  const queued = getQueued(connection, seq)
  const time = now()
  if (!queued) return giveUp(connection, { seq, tenantId, now: time }) ? 'canceled' : 'finished'
  finish(connection, [{ queued, status: 'canceled' }], time)
  refreshLane(connection, { lane: queued.lane, now: time })
  return 'canceled'
}

export function extendLeases(
  { connection, now }: StoreContext,
  refs: readonly LeaseRef[],
  leaseMs: number,
): readonly LeaseRef[] {
  return leases.extendLeases(connection, refs, { now: now(), leaseMs })
}

export function releaseLeases({ connection }: StoreContext, refs: readonly LeaseRef[]): void {
  leases.releaseLeases(connection, refs)
}
