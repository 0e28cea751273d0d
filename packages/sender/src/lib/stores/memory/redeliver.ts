import type { Redelivery, RedeliveryVerdict } from '../../ports/delivery-store'
import { bodyFor } from './claims'
import { addDelivery } from './events'
import { type EventRow, isUnfinished } from './rows'
import { findEvent, findLane, type MemoryState } from './state'

export function redeliver(
  state: MemoryState,
  items: readonly Redelivery[],
): readonly RedeliveryVerdict[] {
  return items.map((item) => redeliverOne(state, item))
}

function redeliverOne(state: MemoryState, item: Redelivery): RedeliveryVerdict {
  const event = findEvent(state, item.tenantId, item.eventId)
  if (!event) return 'event_not_found'
  if (!findLane(state, item.tenantId, item.endpointId)) return 'endpoint_not_found'
  const waiting = event.deliveries.some(
    (row) => row.endpointId === item.endpointId && isUnfinished(row),
  )
  if (waiting) return 'pending'
  if (!event.body) return 'payload_pruned'
  keepBody(event, item)
  if (!bodyFor(item.envelope, event)) return 'payload_pruned'
  addDelivery(state, event, {
    id: item.id,
    endpointId: item.endpointId,
    isReplay: true,
    state: { status: 'pending' },
    messageId: item.as === 'new' ? `${event.id}-r${++event.renewals}` : event.id,
    ...(item.envelope === undefined ? {} : { envelope: item.envelope }),
    ...(item.replayOf === undefined ? {} : { replayOf: item.replayOf }),
  })
  return 'created'
}

function keepBody(event: EventRow, { envelope, body }: Redelivery): void {
  if (envelope === undefined || !body || event.bodies.has(envelope)) return
  event.bodies.set(envelope, body.slice())
}
