import type { Emitter } from '../emitter'
import { errorText } from '../error-text'
import type { ClaimedDelivery } from '../model/delivery'
import type { SettleResult } from '../model/settle'
import type { EndpointTransition } from '../ports/endpoint-store'
import type { Logger } from '../ports/logger'
import type { SenderStore } from '../ports/store'
import { createBatcher } from '../sending/batcher'
import { whileBusy } from '../store-retry'

/** What outcomes do to endpoints: health, throttling, disabling. */
export interface EndpointEffects {
  apply(delivery: ClaimedDelivery, effect: SettleResult['endpoint']): Promise<void>
}

/** A change that is lost here comes again with the next outcome, so a failing store is logged and no more. */
export function createEffects(
  store: SenderStore,
  emitter: Emitter,
  logger: Logger,
): EndpointEffects {
  const batcher = createBatcher<EndpointTransition, boolean>(
    (changes) => whileBusy(() => store.endpoints.transition(changes)),
    500,
  )
  const write = async (change: EndpointTransition): Promise<void> => {
    try {
      if (await batcher.add(change)) announce(emitter, change)
    } catch (error) {
      logger.error(
        { endpointId: change.id, error: errorText(error) },
        'an endpoint could not be updated',
      )
    }
  }
  return {
    async apply(delivery, effect) {
      if (effect === undefined) return
      const { tenantId, id } = delivery.endpoint
      const changes: EndpointTransition[] = []
      if (effect.throttleForMs !== undefined)
        changes.push({ tenantId, id, throttleForMs: effect.throttleForMs })
      if (effect.health !== undefined) changes.push({ tenantId, id, health: effect.health })
      if (effect.disable !== undefined) changes.push({ tenantId, id, disable: effect.disable })
      await Promise.all(changes.map(write))
    },
  }
}

function announce(emitter: Emitter, change: EndpointTransition): void {
  const notice = { tenantId: change.tenantId, endpointId: change.id }
  if (change.disable !== undefined)
    emitter.emit('endpoint.disabled', { ...notice, reason: change.disable })
  if (change.health?.to === 'failing') emitter.emit('endpoint.failing', notice)
  if (change.health?.to === 'healthy') emitter.emit('endpoint.recovered', notice)
}
