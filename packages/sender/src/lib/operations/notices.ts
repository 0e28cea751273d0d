import { compact } from '../compact'
import type { DeliveryNotice, Emitter, EndpointNotice, SenderEvents } from '../emitter'
import type { OperationsEvent } from './types'

/** Makes an operations event of each notice. Field by field: what a notice may hold beside them, such as a response's body, goes nowhere. */
export function listen(emitter: Emitter, tell: (event: OperationsEvent) => void): void {
  emitter.on('attempt', (notice) => tell({ type: 'delivery.attempted', data: attempted(notice) }))
  emitter.on('delivery.retrying', ({ attempts, retryInMs, ...notice }) =>
    tell({ type: 'delivery.retrying', data: { ...delivery(notice), attempts, retryInMs } }),
  )
  emitter.on('delivery.succeeded', ({ attempts, ...notice }) =>
    tell({ type: 'delivery.succeeded', data: { ...delivery(notice), attempts } }),
  )
  emitter.on('delivery.failed', ({ attempts, reason, ...notice }) =>
    tell({ type: 'delivery.failed', data: { ...delivery(notice), attempts, reason } }),
  )
  emitter.on('delivery.skipped', ({ reason, ...notice }) =>
    tell({ type: 'delivery.skipped', data: { ...delivery(notice), reason } }),
  )
  emitter.on('delivery.replayed', ({ replayOf, as, ...notice }) =>
    tell({
      type: 'delivery.replayed',
      data: { ...delivery(notice), as, ...compact({ replayOf }) },
    }),
  )
  emitter.on('endpoint.failing', (notice) =>
    tell({ type: 'endpoint.failing', data: endpoint(notice) }),
  )
  emitter.on('endpoint.recovered', (notice) =>
    tell({ type: 'endpoint.recovered', data: endpoint(notice) }),
  )
  emitter.on('endpoint.disabled', ({ reason, ...notice }) =>
    tell({ type: 'endpoint.disabled', data: { ...endpoint(notice), reason } }),
  )
}

/** Without the text of an error, which names where a redirect points. */
function attempted({ attempt, ...notice }: SenderEvents['attempt']) {
  const { number, outcome, status, durationMs } = attempt
  const error = attempt.error && { code: attempt.error.code }
  return {
    ...delivery(notice),
    attempt: number,
    outcome,
    durationMs,
    ...compact({ status, error }),
  }
}

function delivery({ tenantId, deliveryId, endpointId, eventId, eventType }: DeliveryNotice) {
  return { tenantId, deliveryId, endpointId, eventId, eventType }
}

function endpoint({ tenantId, endpointId }: EndpointNotice) {
  return { tenantId, endpointId }
}
