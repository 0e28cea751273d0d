import type { DeliveryNotice, Emitter } from '../emitter'
import type { AttemptRecord, ClaimedDelivery, NextState } from '../model/delivery'

export function announceAttempt(
  emitter: Emitter,
  delivery: ClaimedDelivery,
  attempt: AttemptRecord,
): void {
  if (emitter.isHeard('attempt')) emitter.emit('attempt', { ...notice(delivery), attempt })
}

export function announceNext(emitter: Emitter, delivery: ClaimedDelivery, next: NextState): void {
  const attempts = delivery.lease.attempt
  if (next.status === 'succeeded' && !emitter.isHeard('delivery.succeeded')) return
  const base = notice(delivery)
  if (next.status === 'pending') {
    emitter.emit('delivery.retrying', { ...base, attempts, retryInMs: next.retryInMs })
  } else if (next.status === 'succeeded') {
    // Not a spread: adding to one takes ten times as long (Node 20).
    emitter.emit('delivery.succeeded', Object.assign(base, { attempts }))
  } else if (next.status === 'failed') {
    emitter.emit('delivery.failed', { ...base, attempts, reason: next.reason })
    const { orderingKey, endpoint } = delivery
    if (endpoint.ordered === 'block' && orderingKey !== undefined)
      emitter.emit('ordering.blocked', { ...base, orderingKey })
  } else {
    emitter.emit('delivery.skipped', { ...base, reason: next.reason })
  }
}

function notice(delivery: ClaimedDelivery): DeliveryNotice {
  const { lease, endpoint, eventId, eventType } = delivery
  return {
    tenantId: lease.tenantId,
    deliveryId: lease.deliveryId,
    endpointId: endpoint.id,
    eventId,
    eventType,
  }
}
