import { systemClock } from '../clock'
import type { Emitter } from '../emitter'
import { errorText } from '../error-text'
import type { Logger } from '../ports/logger'
import type { Batcher } from '../sending/batcher'
import { type PreparedEvent, prepare } from '../sending/prepare'
import type { SendResult } from '../sending/send'
import { listen } from './notices'
import type { ResolvedOperations } from './resolve'
import type { OperationsEvent } from './types'

const mostWaiting = 10_000
const longestStopMs = 1_000

export interface RecorderParts {
  readonly operations: ResolvedOperations
  readonly emitter: Emitter
  readonly logger: Logger
  readonly maxPayloadBytes: number
  readonly inserter: Batcher<PreparedEvent, SendResult>
  readonly now: () => number
}

/** Records operations events. Each is told once at the most: what a crash, or a store that fails, comes between is not told. */
export interface OperationsRecorder {
  /** Resolves when all that was told so far is recorded; a store that does not answer holds it up for a second. */
  recorded(): Promise<void>
}

/** Listens to the emitter, and records what the host chose as events of the operations tenant. */
export function recordOperations(parts: RecorderParts): OperationsRecorder {
  const { operations, emitter, logger } = parts
  const waiting = new Set<Promise<void>>()
  const tell = (event: OperationsEvent): void => {
    if (!operations.types.has(event.type) || event.data.tenantId === operations.tenantId) return
    if (waiting.size >= mostWaiting) {
      logger.error(
        { ...about(event), type: event.type },
        'an operations event was dropped: too many wait for the store',
      )
      return
    }
    const recording = record(parts, event).then(() => {
      waiting.delete(recording)
    })
    waiting.add(recording)
  }
  listen(emitter, tell)
  return {
    async recorded() {
      const over = new AbortController()
      const limit = systemClock.sleep(longestStopMs, over.signal)
      await Promise.race([Promise.all(waiting), limit])
      over.abort()
    },
  }
}

async function record(parts: RecorderParts, event: OperationsEvent): Promise<void> {
  const { operations, maxPayloadBytes, now, inserter, logger } = parts
  try {
    const context = { events: undefined, maxPayloadBytes, now }
    await inserter.add(await prepare(context, operations.tenantId, event))
  } catch (error) {
    logger.error(
      { ...about(event), type: event.type, error: errorText(error) },
      'an operations event was not recorded',
    )
  }
}

function about({ data }: OperationsEvent) {
  const { tenantId, endpointId } = data
  return { tenantId, endpointId, ...('deliveryId' in data ? { deliveryId: data.deliveryId } : {}) }
}
