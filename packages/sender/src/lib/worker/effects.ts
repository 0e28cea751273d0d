import type { Emitter } from '../emitter'
import { errorText } from '../error-text'
import type { ClaimedDelivery } from '../model/delivery'
import type { DisabledReason, EndpointRecord } from '../model/endpoint'
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
  const write = async (change: EndpointTransition, claimed: EndpointRecord): Promise<void> => {
    try {
      if (change.disable !== undefined && !(await stillHolds(store, change.disable, claimed)))
        return
      if (await batcher.add(change)) announce(emitter, change)
    } catch (error) {
      logger.error(
        { endpointId: change.id, error: errorText(error) },
        'an endpoint could not be updated',
      )
    }
  }
  return {
    async apply({ endpoint }, effect) {
      if (effect === undefined) return
      const { tenantId, id } = endpoint
      const { throttleForMs, health, disable } = effect
      const changes: EndpointTransition[] = []
      if (throttleForMs !== undefined) changes.push({ tenantId, id, throttleForMs })
      if (health !== undefined) changes.push({ tenantId, id, health })
      if (disable !== undefined) changes.push({ tenantId, id, disable })
      await Promise.all(changes.map((change) => write(change, endpoint)))
    },
  }
}

/** The verdict was about the endpoint as it was claimed: since then it may have healed, or moved. */
async function stillHolds(
  store: SenderStore,
  reason: DisabledReason,
  claimed: EndpointRecord,
): Promise<boolean> {
  const current = await whileBusy(() => store.endpoints.get(claimed.tenantId, claimed.id))
  if (current === undefined) return false
  if (reason === 'gone') return current.url === claimed.url
  return failingSince(current) === failingSince(claimed)
}

const failingSince = ({ health }: EndpointRecord): number | undefined =>
  health.state === 'failing' ? health.since : undefined

function announce(emitter: Emitter, change: EndpointTransition): void {
  const notice = { tenantId: change.tenantId, endpointId: change.id }
  if (change.disable !== undefined)
    emitter.emit('endpoint.disabled', { ...notice, reason: change.disable })
  if (change.health?.to === 'failing') emitter.emit('endpoint.failing', notice)
  if (change.health?.to === 'healthy') emitter.emit('endpoint.recovered', notice)
}
