import type { EventInput } from '@posthorn/schema'
import type { operationsEvents } from './catalogue'

/** An operations event, as it is recorded. */
export type OperationsEvent = EventInput<typeof operationsEvents>
export type OperationsEventType = OperationsEvent['type']

/** Sends what happens to deliveries and endpoints to an operations endpoint, as webhooks of a tenant of its own. */
export interface OperationsOptions {
  /**
   * The tenant that gets the events, and that has the endpoints for them. It is the host's own; what happens to its own deliveries is told to
   * nobody, so that nothing grows without end. Not `'default'`.
   */
  readonly tenantId: string
  /** Default: `delivery.failed`, `delivery.replayed`, and the three of endpoints. The others come with every attempt or delivery. */
  readonly events?: readonly OperationsEventType[]
}
