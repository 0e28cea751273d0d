import type { Filter } from './filter'
import type { RetryPolicy } from './retry-schedule'

/** Every `EndpointStatus`. */
export const endpointStatuses = ['enabled', 'paused', 'disabled'] as const

export type EndpointStatus = (typeof endpointStatuses)[number]

/** Every `DisabledReason`. */
export const disabledReasons = ['manual', 'gone', 'failing', 'requested', 'unverified'] as const

/**
 * Why an endpoint is disabled: by hand, because it answered 410 Gone, because it failed for too long, because it asked for it in a response
 * header, or because it has not consented to deliveries yet.
 */
export type DisabledReason = (typeof disabledReasons)[number]

/**
 * What an endpoint's recent outcomes say, in the store's milliseconds: since when it has been failing, and, once that is long, when it is
 * next probed. No delivery of it is claimed before; a success ends the wait with the failing.
 */
export type Health =
  | { readonly state: 'healthy' }
  | { readonly state: 'failing'; readonly since: number; readonly probeAt?: number }

/** A signing key as it lies in a store. `value` is versioned: `v0:plain:<secret>` is the first form. */
export interface StoredSecret {
  readonly id: string
  readonly value: string
  readonly createdAt: number
  /** When it stops signing, in the store's milliseconds; absent for the current secret. */
  readonly expiresAt?: number
}

/** At most `limit` requests begin in any `perMs` milliseconds, whichever workers make them; the port `DeliveryStore` says how they are spread. */
export interface RateLimit {
  readonly limit: number
  readonly perMs: number
}

/** Every `OrderPolicy`. */
export const orderPolicies = ['block', 'proceed'] as const

/**
 * Events of one ordering key are delivered in the order they were recorded, one at a time. When one of them fails for good, `block` keeps
 * the later ones of its key waiting until a replay of it succeeds, or it is canceled; `proceed` goes on with the next.
 */
export type OrderPolicy = (typeof orderPolicies)[number]

/** How requests authenticate themselves. What is secret in it is sealed, as signing secrets are. */
export type StoredAuthorization =
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'oauth2'
      readonly tokenUrl: string
      readonly clientId: string
      readonly clientSecret: string
      readonly scope?: string
      readonly audience?: string
    }

/** TLS beyond the system's authorities, in PEM. `key` is sealed. */
export interface StoredTls {
  readonly ca?: string
  readonly certificate?: string
  readonly key?: string
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
  /** Headers whose values are write-only: sealed, as signing secrets are. */
  readonly sealedHeaders?: Readonly<Record<string, string>>
  readonly authorization?: StoredAuthorization
  readonly tls?: StoredTls
  readonly rateLimit?: RateLimit
  readonly ordered?: OrderPolicy
  readonly retry?: Partial<RetryPolicy>
  readonly timeoutMs?: number
  readonly envelope?: string
  readonly schemes?: readonly string[]
  readonly secrets: readonly StoredSecret[]
  readonly metadata: Readonly<Record<string, string>>
  readonly createdAt: number
  readonly updatedAt: number
}
