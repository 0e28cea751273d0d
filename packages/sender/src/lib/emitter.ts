import type { ValidationIssue } from '@posthorn/schema'
import type { AttemptRecord, FailureReason, SkipReason } from './model/delivery'
import type { DisabledReason } from './model/endpoint'
import type { Logger } from './ports/logger'

export interface DeliveryNotice {
  readonly tenantId: string
  readonly deliveryId: string
  readonly endpointId: string
  readonly eventId: string
  readonly eventType: string
}

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
export type SenderListener<Name extends SenderEventName> = (notice: SenderEvents[Name]) => void

export interface Emitter {
  /** Answers the function that removes the listener again. */
  on<Name extends SenderEventName>(name: Name, listener: SenderListener<Name>): () => void
  emit<Name extends SenderEventName>(name: Name, notice: SenderEvents[Name]): void
}

/** A listener that throws is logged, and neither stops the others nor the worker. */
export function createEmitter(logger: Logger): Emitter {
  const listeners = new Map<SenderEventName, Set<(notice: never) => void>>()
  return {
    on(name, listener) {
      if (typeof listener !== 'function')
        throw new TypeError(`sender.on('${name}') needs a function`)
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set)
      set.add(listener)
      return () => set.delete(listener)
    },
    emit(name, notice) {
      for (const listener of listeners.get(name) ?? []) {
        try {
          // The set under `name` holds only listeners of that name.
          ;(listener as SenderListener<typeof name>)(notice)
        } catch (error) {
          logger.error({ event: name, error: errorName(error) }, 'a listener threw')
        }
      }
    },
  }
}

/** What may be logged of an unknown error: its class, never its text, which might quote a payload. */
export function errorName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  const code = Object.getOwnPropertyDescriptor(error, 'code')?.value
  return typeof code === 'string' ? `${error.name} ${code}` : error.name
}
