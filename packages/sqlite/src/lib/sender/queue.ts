import type { CancelVerdict, LeaseRef } from '@posthorn/sender'
import { optionalInt } from '../values'
import type { StoreContext } from './context'
import { finish } from './finish'
import { refreshLanes } from './lanes'
import * as leases from './leases'

const NEXT_TIMES = `
  SELECT
    (SELECT min(leased_until) FROM posthorn_unmatched) AS recorded,
    (SELECT 0 FROM posthorn_lanes WHERE turn IS NOT NULL LIMIT 1) AS in_line,
    (SELECT min(wake_at) FROM posthorn_lanes WHERE wake_at IS NOT NULL) AS waking,
    (SELECT min(leased_until) FROM posthorn_queue WHERE line IS NULL) AS leased,
    (SELECT min(max(q.due_at, l.opens_at))
      FROM posthorn_queue q CROSS JOIN posthorn_lanes l ON l.lane = q.lane
      WHERE q.line = 1) AS suspect`

const TIMES = ['recorded', 'in_line', 'waking', 'leased', 'suspect'] as const

/** Milliseconds until a claim could answer something. */
export function nextDueIn({ connection, now }: StoreContext): number | undefined {
  const row = connection.get(NEXT_TIMES) ?? {}
  const times = TIMES.map((name) => optionalInt(row, name)).filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - now())
}

export function cancelDelivery(
  { connection, now }: StoreContext,
  tenantId: string,
  deliveryId: string,
): CancelVerdict {
  const delivery = leases.findDelivery(connection, tenantId, deliveryId)
  if (!delivery) return 'not_found'
  if (!delivery.queued) return 'finished'
  const time = now()
  finish(connection, [{ seq: delivery.seq, tenantId, status: 'canceled' }], time)
  refreshLanes(connection, [{ lane: delivery.queued.lane }], time)
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
