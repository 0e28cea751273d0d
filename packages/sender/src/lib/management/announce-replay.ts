import { compact } from '../compact'
import type { Redelivery } from '../ports/delivery-store'
import type { TenantContext } from './context'

export function announceReplay(
  { emitter }: Pick<TenantContext, 'emitter'>,
  { tenantId, id: deliveryId, endpointId, eventId, as, replayOf }: Redelivery,
  eventType: string,
): void {
  const notice = { tenantId, deliveryId, endpointId, eventId, eventType, as }
  emitter.emit('delivery.replayed', { ...notice, ...compact({ replayOf }) })
}
