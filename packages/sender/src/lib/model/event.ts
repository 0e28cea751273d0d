import type { ValidationIssue } from '@posthorn/schema'
import type { SkipReason } from './delivery'

/** A delivery to be created together with, or fanned out from, its event. */
export interface NewDelivery {
  readonly id: string
  readonly endpointId: string
  /** The envelope whose bytes this delivery sends; absent: the event's own `body`. */
  readonly envelope?: string
  readonly state:
    | { readonly status: 'pending' }
    | { readonly status: 'skipped'; readonly reason: SkipReason }
}

/** The bytes of an event in an envelope other than the canonical one. */
export interface EnvelopeBody {
  readonly envelope: string
  readonly body: Uint8Array
}

/** An event on its way into a store: validated and serialised, nothing left to fail but the store. */
export interface NewEvent {
  readonly tenantId: string
  readonly id: string
  readonly type: string
  readonly version: number
  /** When it happened, in milliseconds since the Unix epoch, as the envelope says. */
  readonly timestamp: number
  /** The canonical `standard` envelope, as bytes. */
  readonly body: Uint8Array
  readonly idempotencyKey?: string
  readonly orderingKey?: string
  readonly metadata: Readonly<Record<string, string>>
  /** Matched already: stored as `fanned_out` with these. Absent: stored as `recorded`, to be claimed and fanned out. */
  readonly fanOut?: FanOut
  /** That of the `RememberedEndpoints` that it was matched with. Absent: with what was read for it. */
  readonly mark?: string
}

export interface FanOut {
  readonly deliveries: readonly NewDelivery[]
  readonly bodies: readonly EnvelopeBody[]
}

/** What a store did with a `NewEvent`. For a duplicate, `eventId` is the first one's. */
export interface InsertedEvent {
  readonly eventId: string
  readonly duplicate: boolean
  /** Deliveries of the event that are to be made (skipped ones not counted); 0 while it is only recorded. */
  readonly deliveries: number
  /** Nothing was written of it: its tenant's endpoints are no longer those of its `mark`. */
  readonly outdated?: true
}

/** Every `state` of an `EventState`. */
export const eventStates = [
  'recorded',
  'fanned_out',
  'invalid',
] as const satisfies readonly EventState['state'][]

export type EventState =
  | { readonly state: 'recorded' }
  | { readonly state: 'fanned_out' }
  | { readonly state: 'invalid'; readonly issues: readonly ValidationIssue[] }

/** An event as the log shows it. */
export interface EventRecord {
  readonly tenantId: string
  readonly id: string
  readonly type: string
  readonly version: number
  readonly timestamp: number
  /** When the store took it in, in the store's milliseconds. */
  readonly recordedAt: number
  readonly state: EventState
  /** Undefined once pruned. */
  readonly body: Uint8Array | undefined
  readonly idempotencyKey?: string
  readonly orderingKey?: string
  readonly metadata: Readonly<Record<string, string>>
}

/** A recorded event handed to one worker to match. */
export interface ClaimedEvent {
  readonly tenantId: string
  readonly id: string
  readonly type: string
  readonly version: number
  readonly body: Uint8Array
  /** The highest `EndpointRecord.seq` that existed when the event was recorded: later endpoints never match it. */
  readonly horizon: number
  readonly token: string
  /** Written by other means than `prepare`, such as plain SQL: its data is still to be held against the catalogue. */
  readonly unchecked?: boolean
}

/** What became of a claimed event. */
export interface EventVerdict {
  readonly tenantId: string
  readonly id: string
  readonly token: string
  readonly outcome:
    | ({ readonly kind: 'fanned_out' } & FanOut)
    | { readonly kind: 'invalid'; readonly issues: readonly ValidationIssue[] }
}
