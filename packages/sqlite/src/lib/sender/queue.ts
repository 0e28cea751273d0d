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

const TIMES = ['recorded', 'in_line', 'waking', 'leased', 'suspect'] as const

/** Milliseconds until a claim could answer something. */
export function nextDueIn({ connection, now }: StoreContext): number | undefined {
  const row = connection.get(NEXT_TIMES) ?? {}
  const times = TIMES.map((name) => optionalInt(row, name)).filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - now())
}

/** The answer of a claim that would find nothing; a worker asks after each slot that it frees. */
export function nothingDue(context: StoreContext): DeliveryClaim | undefined {
  if (nextDueIn(context) === 0) return undefined
  return { now: context.now(), deliveries: [], suspects: false }
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
