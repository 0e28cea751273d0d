import { WebhookError } from '@posthorn/schema'
import { errorText } from '../error-text'
import { undiciTransport } from '../network/index'
import type { Transport } from '../ports/transport'
import type { ResolvedOptions } from '../resolve-options'
import type { Telemetry } from '../telemetry/telemetry'

/** Made when the first attempt needs it, so that construction opens nothing. */
export interface LazyTransport {
  get(): Transport
  /** Never rejects: a stop goes on without it. */
  close(): Promise<void>
}

export function lazyTransport(
  options: ResolvedOptions,
  telemetry: Telemetry | undefined,
): LazyTransport {
  const prepared = (transport: Transport): Transport =>
    telemetry?.tracing.untraced(transport) ?? transport
  let made = options.transport && prepared(options.transport)
  let closed = false
  return {
    get() {
      if (closed) throw new WebhookError('sender_stopped', 'The sender was stopped.')
      made ??= prepared(undiciTransport({ policy: options.network }))
      return made
    },
    async close() {
      closed = true
      try {
        await made?.close()
      } catch (error) {
        options.logger.error({ error: errorText(error) }, 'the transport could not be closed')
      }
    },
  }
}
