import type { Emitter } from '../emitter'
import { errorText } from '../error-text'
import type { ClaimedDelivery } from '../model/delivery'
import type { EndpointRecord } from '../model/endpoint'
import type { EndpointEffect, SettleResult } from '../model/settle'
import type { EndpointTransition } from '../ports/endpoint-store'
import type { Logger } from '../ports/logger'
import type { SenderStore } from '../ports/store'
import { afterCallback, createBatcher } from '../sending/batcher'
import { whileBusy } from '../store-retry'

const mostFailing = 10_000

type Outcome = Pick<SettleResult, 'outcome' | 'endpoint'>

/** What outcomes do to endpoints: health, throttling, disabling. */
export interface EndpointEffects {
  /** Undefined when there is nothing to write. */
  apply(delivery: ClaimedDelivery, result: Outcome): Promise<unknown> | undefined
}

/** A change that is lost here comes again with the next outcome, so a failing store is logged and no more. */
export function createEffects(
  store: SenderStore,
  emitter: Emitter,
  logger: Logger,
): EndpointEffects {
  const batcher = createBatcher<EndpointTransition, boolean>(
    (changes) => whileBusy(() => store.endpoints.transition(changes)),
    { largest: 500, begin: afterCallback },
  )
  // Those that turned failing here: a success that was claimed before then is not to be lost on them.
  const failing = new Set<string>()
  const remember = (change: EndpointTransition): void => {
    if (failing.size >= mostFailing) failing.clear()
    failing.add(keyOf(change))
  }
  const write = async (change: EndpointTransition): Promise<void> => {
    try {
      if (!(await batcher.add(change))) return
      if (change.health?.to === 'failing') remember(change)
      announce(emitter, change)
    } catch (error) {
      logger.error(
        { tenantId: change.tenantId, endpointId: change.id, error: errorText(error) },
        'an endpoint could not be updated',
      )
    }
  }
  return {
    apply({ endpoint }, { outcome, endpoint: effect }) {
      const isHealed = outcome === 'success' && failing.size > 0 && failing.delete(keyOf(endpoint))
      if (effect === undefined && !isHealed) return undefined
      const changes = changesOf(endpoint, isHealed ? { ...effect, health: healed } : { ...effect })
      return Promise.all(changes.map(write))
    },
  }
}

const healed = { from: 'failing', to: 'healthy' } as const

const keyOf = ({ tenantId, id }: Pick<EndpointRecord, 'tenantId' | 'id'>): string =>
  JSON.stringify([tenantId, id])

function changesOf(
  claimed: EndpointRecord,
  { throttleForMs, health, disable, probeInMs }: EndpointEffect,
): readonly EndpointTransition[] {
  const { tenantId, id } = claimed
  const onlyIf = judged(claimed, false)
  const changes: EndpointTransition[] = []
  if (throttleForMs !== undefined) changes.push({ tenantId, id, throttleForMs, onlyIf })
  if (health !== undefined) changes.push({ tenantId, id, health, onlyIf })
  if (disable !== undefined) {
    changes.push({ tenantId, id, disable, onlyIf: judged(claimed, disable === 'failing') })
  }
  if (probeInMs !== undefined) {
    changes.push({ tenantId, id, probeInMs, onlyIf: judged(claimed, true) })
  }
  return changes
}

/** The verdict was about the endpoint as it was claimed: since then it may have healed, or moved. */
function judged(
  { url, health }: EndpointRecord,
  byHealth: boolean,
): NonNullable<EndpointTransition['onlyIf']> {
  return byHealth && health.state === 'failing' ? { url, failingSince: health.since } : { url }
}

function announce(emitter: Emitter, change: EndpointTransition): void {
  const notice = { tenantId: change.tenantId, endpointId: change.id }
  if (change.disable !== undefined)
    emitter.emit('endpoint.disabled', { ...notice, reason: change.disable })
  if (change.health?.to === 'failing') emitter.emit('endpoint.failing', notice)
  if (change.health?.to === 'healthy') emitter.emit('endpoint.recovered', notice)
}
