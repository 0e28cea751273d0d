import type { DeliveryNotice, Emitter } from '../emitter'
import type { AttemptRecord, ClaimedDelivery, NextState } from '../model/delivery'

export function announceAttempt(
  emitter: Emitter,
  delivery: ClaimedDelivery,
  attempt: AttemptRecord,
): void {
  if (emitter.isHeard('attempt')) emitter.emit('attempt', { attempt, ...notice(delivery) })
}

export function announceNext(emitter: Emitter, delivery: ClaimedDelivery, next: NextState): void {
  const attempts = delivery.lease.attempt
  if (next.status === 'succeeded' && !emitter.isHeard('delivery.succeeded')) return
  const base = notice(delivery)
  if (next.status === 'pending') {
    emitter.emit('delivery.retrying', { attempts, retryInMs: next.retryInMs, ...base })
  } else if (next.status === 'succeeded') {
    emitter.emit('delivery.succeeded', { attempts, ...base })
  } else if (next.status === 'failed') {
    emitter.emit('delivery.failed', { attempts, reason: next.reason, ...base })
    const { orderingKey, endpoint } = delivery
    if (endpoint.ordered === 'block' && orderingKey !== undefined)
      emitter.emit('ordering.blocked', { orderingKey, ...base })
  } else {
    emitter.emit('delivery.skipped', { reason: next.reason, ...base })
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
