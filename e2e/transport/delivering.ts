import { createSender, type SenderOptions } from '@posthorn/sender'
import { memoryStore } from '@posthorn/sender/memory'
import { fakeClock } from '@posthorn/sender/testing'
import type {
  AttemptOutcome,
  AttemptRequest,
  Transport,
} from '../../packages/sender/src/lib/ports/transport'

/** What became of one delivery after its first attempt, in what its owner and the operator can read. */
export interface Delivered {
  /** The class that the log has. */
  readonly outcome: string | undefined
  readonly status: string
  readonly reason?: string
  /** The wait until the next attempt, in milliseconds. */
  readonly retryInMs?: number
  readonly endpoint: {
    readonly status: string
    readonly disabledReason?: string
    readonly health: string
    readonly throttledForMs?: number
  }
}

export interface Delivering {
  /** What the transport answered, and how long it took. */
  readonly attempts: readonly { readonly outcome: AttemptOutcome; readonly tookMs: number }[]
  /** `registered`: the URL that the endpoint was created with, where the store has another one since. */
  deliver(url: string, registered?: string): Promise<Delivered>
  stop(): Promise<void>
}

/**
 * A sender whose clock stands still and whose jitter is none, over a transport that is real. `changes` go into each request as it is sent, for
 * what no delivery has by itself: a body of 20 MB, a deadline of its own.
 */
export function delivering(
  transport: Transport,
  changes: Partial<AttemptRequest> = {},
  options: Partial<SenderOptions> = {},
): Delivering {
  const attempts: { outcome: AttemptOutcome; tookMs: number }[] = []
  const clock = fakeClock()
  const store = memoryStore()
  const sender = createSender({
    store,
    clock,
    random: () => 0,
    transport: {
      async send(request) {
        const began = performance.now()
        const outcome = await transport.send({ ...request, ...changes })
        attempts.push({ outcome, tookMs: performance.now() - began })
        return outcome
      },
      close: () => transport.close(),
    },
    network: { development: true, ports: 'any' },
    ...options,
  })
  const since = (date: Date | undefined) => date && date.getTime() - clock.now()
  return {
    attempts,
    async deliver(url, registered = url) {
      const { endpoint } = await sender.endpoints.create({ url: registered })
      const record = await store.endpoints.get(endpoint.tenantId, endpoint.id)
      if (record !== undefined && url !== registered)
        await store.endpoints.replace({ ...record, url })
      await sender.send({ type: 'run.completed', data: { n: 1 } })
      await sender.deliverDue()
      const { items } = await sender.deliveries.list({ endpointId: endpoint.id })
      const [delivery] = items
      if (delivery === undefined || items.length > 1) throw new Error('one delivery was expected')
      const [logged] = await sender.deliveries.attempts(delivery.id)
      const after = await sender.endpoints.get(endpoint.id)
      await sender.endpoints.delete(endpoint.id)
      const { status, reason, dueAt } = delivery
      const { disabledReason, health, throttledUntil } = after
      return {
        outcome: logged?.outcome,
        status,
        ...(reason === undefined ? {} : { reason }),
        ...(dueAt === undefined ? {} : { retryInMs: since(dueAt) ?? 0 }),
        endpoint: {
          status: after.status,
          health,
          ...(disabledReason === undefined ? {} : { disabledReason }),
          ...(throttledUntil === undefined ? {} : { throttledForMs: since(throttledUntil) ?? 0 }),
        },
      }
    },
    stop: () => sender.stop({ timeout: '0s' }),
  }
}
