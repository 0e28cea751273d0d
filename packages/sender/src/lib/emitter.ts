import type { ValidationIssue } from '@posthorn/schema'
import { errorText } from './error-text'
import type { AttemptRecord, FailureReason, SkipReason } from './model/delivery'
import type { DisabledReason } from './model/endpoint'
import type { Logger } from './ports/logger'

/** Which delivery something happened to. */
export interface DeliveryNotice {
  readonly tenantId: string
  readonly deliveryId: string
  readonly endpointId: string
  readonly eventId: string
  readonly eventType: string
}

/** Which endpoint something happened to. */
export interface EndpointNotice {
  readonly tenantId: string
  readonly endpointId: string
}

/** What a sender tells its own process. In-process only: another worker's deliveries are announced there. */
export interface SenderEvents {
  attempt: DeliveryNotice & { readonly attempt: AttemptRecord }
  'delivery.succeeded': DeliveryNotice & { readonly attempts: number }
  'delivery.retrying': DeliveryNotice & { readonly attempts: number; readonly retryInMs: number }
  'delivery.failed': DeliveryNotice & { readonly attempts: number; readonly reason: FailureReason }
  'delivery.skipped': DeliveryNotice & { readonly reason: SkipReason }
  /** `replay`, or each delivery of a `recover`. */
  'delivery.replayed': DeliveryNotice & {
    readonly as: 'same' | 'new'
    /** The delivery it repeats, where there was one. */
    readonly replayOf?: string
  }
  /** A failed delivery keeps later events of its key waiting at this endpoint, until it is replayed or canceled. */
  'ordering.blocked': DeliveryNotice & { readonly orderingKey: string }
  'event.invalid': {
    readonly tenantId: string
    readonly eventId: string
    readonly issues: readonly ValidationIssue[]
  }
  'endpoint.failing': EndpointNotice
  'endpoint.recovered': EndpointNotice
  'endpoint.disabled': EndpointNotice & { readonly reason: DisabledReason }
  'worker.error': { readonly error: unknown }
}

export type SenderEventName = keyof SenderEvents
/** May be asynchronous; nothing waits for it. */
export type SenderListener<Name extends SenderEventName> = (notice: SenderEvents[Name]) => void

export interface Emitter {
  /** Answers the function that removes the listener again. */
  on<Name extends SenderEventName>(name: Name, listener: SenderListener<Name>): () => void
  emit<Name extends SenderEventName>(name: Name, notice: SenderEvents[Name]): void
  /** Whether anybody listens: a notice that nobody hears need not be made. */
  isHeard(name: SenderEventName): boolean
}

type Listeners = { readonly [Name in SenderEventName]: Set<Subscription<Name>> }

/** One for each call of `on`, so that a listener given twice is removed once. */
interface Subscription<Name extends SenderEventName> {
  readonly listener: SenderListener<Name>
}

/** A listener that throws or rejects is logged, and neither stops the others nor the worker. */
export function createEmitter(logger: Logger): Emitter {
  const listeners = noListeners()
  return {
    on(name, listener) {
      if (!Object.hasOwn(listeners, name)) {
        const known = Object.keys(listeners).join(', ')
        throw new TypeError(`sender.on: there is no event "${String(name)}" (known: ${known})`)
      }
      if (typeof listener !== 'function')
        throw new TypeError(`sender.on('${name}') needs a function`)
      const subscriptions = listeners[name]
      const subscription = { listener }
      subscriptions.add(subscription)
      return () => {
        subscriptions.delete(subscription)
      }
    },
    isHeard: (name) => listeners[name].size > 0,
    emit(name, notice) {
      if (listeners[name].size === 0) return
      const failed = (error: unknown): void =>
        logger.error(
          { ...idsOf(notice), event: name, error: errorText(error) },
          'a listener failed',
        )
      // A copy: a listener may add another, or itself again.
      for (const { listener } of [...listeners[name]]) {
        try {
          const result: unknown = listener(notice)
          if (typeof result === 'object') Promise.resolve(result).catch(failed)
        } catch (error) {
          failed(error)
        }
      }
    },
  }
}

const ids = new Set(['tenantId', 'deliveryId', 'endpointId', 'eventId'])

function idsOf(notice: object): object {
  return Object.fromEntries(Object.entries(notice).filter(([name]) => ids.has(name)))
}

function noListeners(): Listeners {
  return {
    attempt: new Set(),
    'delivery.succeeded': new Set(),
    'delivery.retrying': new Set(),
    'delivery.failed': new Set(),
    'delivery.skipped': new Set(),
    'delivery.replayed': new Set(),
    'ordering.blocked': new Set(),
    'event.invalid': new Set(),
    'endpoint.failing': new Set(),
    'endpoint.recovered': new Set(),
    'endpoint.disabled': new Set(),
    'worker.error': new Set(),
  }
}
