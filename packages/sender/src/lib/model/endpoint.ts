import type { Filter } from './filter'
import type { RetryPolicy } from './retry-schedule'

export type EndpointStatus = 'enabled' | 'paused' | 'disabled'

/** Why an endpoint is disabled: by hand, because it answered 410 Gone, or because it failed for too long. */
export type DisabledReason = 'manual' | 'gone' | 'failing'

/** What an endpoint's recent outcomes say. `since` is in the store's milliseconds. */
export type Health =
  | { readonly state: 'healthy' }
  | { readonly state: 'failing'; readonly since: number }

/** A signing key as it lies in a store. `value` is versioned: `v0:plain:<secret>` is the first form. */
export interface StoredSecret {
  readonly id: string
  readonly value: string
  readonly createdAt: number
  /** When it stops signing, in the store's milliseconds; absent for the current secret. */
  readonly expiresAt?: number
}

/** An endpoint as stores keep it. Times are in the store's milliseconds since the Unix epoch. */
export interface EndpointRecord {
  readonly tenantId: string
  readonly id: string
  /** Position in the store's order of creation; events keep the highest that existed when they were recorded. */
  readonly seq: number
  /** Raised by one on each write; `replace` is compare-and-set on it. */
  readonly revision: number
  readonly url: string
  readonly name?: string
  readonly description?: string
  readonly eventTypes: readonly string[]
  readonly filter?: Filter
  readonly status: EndpointStatus
  readonly disabledReason?: DisabledReason
  readonly health: Health
  /** No delivery of this endpoint is claimed before this time. */
  readonly throttledUntil?: number
  readonly headers: Readonly<Record<string, string>>
  readonly retry?: Partial<RetryPolicy>
  readonly timeoutMs?: number
  readonly envelope?: string
  readonly schemes?: readonly string[]
  readonly secrets: readonly StoredSecret[]
  readonly metadata: Readonly<Record<string, string>>
  readonly createdAt: number
  readonly updatedAt: number
}
