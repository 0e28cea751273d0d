import type { EndpointRecord } from './endpoint'

/** Every `DeliveryStatus` that a delivery ends in. */
export const finalStatuses = ['succeeded', 'failed', 'skipped', 'canceled'] as const
/** Every `DeliveryStatus`. */
export const deliveryStatuses = ['pending', 'delivering', ...finalStatuses] as const

export type DeliveryStatus = (typeof deliveryStatuses)[number]

/** Every `SkipReason`. */
export const skipReasons = ['disabled', 'filtered'] as const

/** Why no attempt will be made though the event's type matched. */
export type SkipReason = (typeof skipReasons)[number]

/** Every `FailureReason`. */
export const failureReasons = [
  'exhausted',
  'gone',
  'aborted',
  'forbidden_address',
  'poison',
  'config',
] as const

/**
 * Why a delivery failed for good: attempts or age used up, 410 Gone, no further attempt wanted by the endpoint (`webhook-delivery`), an
 * address the policy forbids, a worker lost alone with it five times, or its stored payload or its endpoint's configuration cannot be used.
 */
export type FailureReason = (typeof failureReasons)[number]

/** Where a delivery stands. `dueIn`-like times are absolute here, in the store's milliseconds. */
export type DeliveryState =
  | { readonly status: 'pending'; readonly dueAt: number }
  | { readonly status: 'delivering'; readonly leasedUntil: number }
  | { readonly status: 'succeeded'; readonly finishedAt: number }
  | { readonly status: 'failed'; readonly reason: FailureReason; readonly finishedAt: number }
  | { readonly status: 'skipped'; readonly reason: SkipReason; readonly finishedAt: number }
  | { readonly status: 'canceled'; readonly finishedAt: number }

/**
 * How often a delivery was claimed and what became of it. `attempt` counts claims; `lost` those whose lease ran out, `soloLost` the lost
 * ones that ran alone, `deferred` those rescheduled free of charge. The retry schedule counts `attempt - lost - deferred`.
 */
export interface Progress {
  readonly attempt: number
  readonly lost: number
  readonly soloLost: number
  readonly deferred: number
}

/** A delivery as the log shows it. */
export interface DeliveryRecord {
  readonly tenantId: string
  readonly id: string
  readonly eventId: string
  readonly endpointId: string
  readonly eventType: string
  readonly messageId: string
  readonly state: DeliveryState
  readonly progress: Progress
  /** HTTP status of the last attempt that got one. */
  readonly lastStatus?: number
  readonly createdAt: number
  /** The delivery this one replays. */
  readonly replayOf?: string
}

/** A worker's claim on one delivery: what settling, extending and releasing compare with. */
export interface LeaseRef {
  readonly tenantId: string
  readonly deliveryId: string
  readonly attempt: number
  readonly token: string
}

/** A delivery handed to one worker, with all that an attempt needs. */
export interface ClaimedDelivery {
  readonly lease: LeaseRef
  readonly eventId: string
  readonly eventType: string
  /** The event's, whether or not the endpoint is ordered. */
  readonly orderingKey?: string
  readonly messageId: string
  readonly progress: Progress
  readonly createdAt: number
  readonly endpoint: EndpointRecord
  /** The bytes to send and sign; undefined when the payload was pruned meanwhile. */
  readonly body: Uint8Array | undefined
  readonly metadata: Readonly<Record<string, string>>
}

/** What settling makes of a delivery. The store adds `retryInMs` to its own clock. */
export type NextState =
  | { readonly status: 'pending'; readonly retryInMs: number; readonly deferred: boolean }
  | { readonly status: 'succeeded' }
  | { readonly status: 'failed'; readonly reason: FailureReason }
  | { readonly status: 'skipped'; readonly reason: SkipReason }

export interface Settlement {
  readonly lease: LeaseRef
  readonly next: NextState
  /** The request that was made; absent when none was (endpoint disabled, poison). */
  readonly attempt?: AttemptRecord
}

/** `stale`: the lease was lost, or the delivery canceled; its state was left as it was. */
export type SettleVerdict = 'applied' | 'stale'

/** One HTTP request made for a delivery, as the append-only log keeps it. */
export interface AttemptRecord {
  /** The claim it was made under; numbers ascend, and one is missing where a worker died before it could settle. */
  readonly number: number
  /** When the request began, in the store's milliseconds. */
  readonly startedAt: number
  readonly durationMs: number
  readonly outcome: AttemptClass
  /** HTTP status, where a response came. */
  readonly status?: number
  /** What was asked with, `webhook-*` included. Signatures, credentials and header values marked sensitive are masked. */
  readonly requestHeaders?: Readonly<Record<string, string>>
  readonly responseHeaders?: Readonly<Record<string, string>>
  /** At most the capture limit of the response body, raw. */
  readonly responseBody?: Uint8Array
  readonly responseTruncated?: boolean
  /** A stable code and a short safe text for a failure; also for a body that broke off after a final status. */
  readonly error?: { readonly code: string; readonly message: string }
  /** The receiver said that it had handled this message before. */
  readonly duplicate?: boolean
  /** The request was repeated at once on a fresh socket, because a reused one had been reset. */
  readonly freshSocket?: boolean
}

/** Every `AttemptClass`. */
export const attemptClasses = [
  'success',
  'http',
  'timeout',
  'dns',
  'network',
  'tls',
  'protocol',
  'forbidden_address',
  'config',
] as const

/** `success` is a 2xx; `http` any other final status; the rest are requests that got none. */
export type AttemptClass = (typeof attemptClasses)[number]
