import type { ClaimedDelivery, LeaseRef, Settlement, SettleVerdict } from '../model/delivery'
import type { ClaimedEvent, EventVerdict, InsertedEvent, NewEvent } from '../model/event'

export interface EventClaimRequest {
  readonly limit: number
  readonly leaseMs: number
}

export interface DeliveryClaimRequest {
  /** Free slots of the worker. */
  readonly limit: number
  readonly leaseMs: number
  /** Most unexpired leases that one endpoint may have, whoever holds them. */
  readonly perEndpoint: number
  /** Most deliveries of failing endpoints, together, that this claim may answer. */
  readonly failingLimit: number
  /** An endpoint that has been failing for so long may have one unexpired lease at the most, whoever holds it. */
  readonly probeAfterMs: number
  /** Claim one suspect (lost twice or more, the lease that has just run out included), and nothing else. Otherwise suspects are left alone. */
  readonly solo: boolean
}

export interface EventClaim {
  /** The store's clock. */
  readonly now: number
  readonly events: readonly ClaimedEvent[]
}

export interface DeliveryClaim {
  /** The store's clock. */
  readonly now: number
  readonly deliveries: readonly ClaimedDelivery[]
  /** Whether a suspect is due and waits for a solo claim. */
  readonly suspects: boolean
  /** What `nextDueIn` would answer, where the store knows it by now. */
  readonly next?: { readonly dueIn: number | undefined }
}

/** What was written, and what was claimed in the same step. */
export interface InsertedAndClaimed {
  readonly events: readonly InsertedEvent[]
  /** Absent where the events are written, and the claim came to nothing: that is no error of whoever sent them. */
  readonly claim?: DeliveryClaim
}

/** A further delivery of an old event. `as: 'new'` sends message id `<eventId>-r<n>`. */
export interface Redelivery {
  readonly tenantId: string
  readonly id: string
  readonly eventId: string
  readonly endpointId: string
  readonly as: 'same' | 'new'
  readonly envelope?: string
  /** The event's bytes in `envelope`; stored when the event has none in it yet, ignored otherwise. */
  readonly body?: Uint8Array
  readonly replayOf?: string
}

export type RedeliveryVerdict =
  | 'created'
  | 'pending'
  | 'payload_pruned'
  | 'event_not_found'
  | 'endpoint_not_found'
export type CancelVerdict = 'canceled' | 'finished' | 'not_found'

/**
 * The queue: events in, deliveries claimed, settled, released.
 *
 * Laws. A store decides due times and leases by its own clock, and answers that clock's `now` with each claim. Each call is atomic, takes
 * effect whole or not at all, and is safe under any number of concurrent callers and processes.
 *
 * - `insert`: an event whose tenant + idempotency key, or tenant + id, is known is a duplicate: nothing is written, and the first one's
 *   id and deliveries are answered. One duplicate in a batch hinders no other event of it. Order of answers = order of events. A delivery to
 *   an endpoint that is gone, or is another tenant's, is stored `canceled`; so with `fanOut`. Of an event with a `mark` nothing is written,
 *   and it is answered `outdated`, unless its tenant's endpoints are those of the mark; this hinders no other event either.
 * - `claimEvents`: `recorded` events, oldest first, each to one caller until its lease runs out. `horizon` is the highest endpoint `seq` that
 *   existed when the event was recorded.
 * - `fanOut`: writes the verdict only while the token holds the event; answers how many it applied. Afterwards the event is never claimed.
 * - `claim`: deliveries that are due, of endpoints that exist, are not paused and not throttled (disabled ones are answered: the worker skips
 *   them). Never a delivery whose lease is unexpired, never one not yet due, never more than `limit`, never more than `perEndpoint`
 *   unexpired leases on an endpoint, whoever holds them, never more than `failingLimit` of failing endpoints, never a suspect unless
 *   `solo`, and then one suspect alone. Every claim raises `attempt` by one and has a token of its own. Claiming a delivery whose lease ran
 *   out raises `lost`, and `soloLost` if that claim was solo.
 * - Probing: an endpoint that has been failing for `probeAfterMs` or longer has one unexpired lease at the most, whoever holds it and
 *   whatever `perEndpoint` says; none of a failing endpoint's deliveries is claimed before its `probeAt`. Probing, rate and order concern
 *   requests: on a disabled endpoint, which gets none, they hold nothing back.
 * - Rate: of an endpoint with a `rateLimit`, at most `limit` deliveries are claimed in any `perMs` of the store's clock (start included, end
 *   not), whoever claims them. With `spare` = `limit / 20`, rounded down, they follow each other at `perMs / (limit - spare)`, and after a
 *   pause `1 + spare` may be claimed at once (GCRA; https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm). What was claimed counts,
 *   whatever became of it: a release gives nothing back. A `replace` that changes the limit begins anew. Other endpoints never wait for it.
 * - Order: deliveries to an `ordered` endpoint, of events that have an `orderingKey`, form a line for each key, and only the first of a line
 *   is ever claimed; it stays first while it is under a lease, waits for a retry, or is a suspect. The line is in the order in which their
 *   events were recorded: none is claimed while an earlier event of its tenant and key is still to be matched, whoever matches it, and
 *   whichever is fanned out first. The next comes first once the first is finished. Under `block` one that `failed` blocks its line instead:
 *   nothing in it is claimed but replays of that event, until a delivery of it ends otherwise than `failed`, or the one that failed is
 *   canceled. A replay of what blocks comes first in its line, any other last. Other keys, events without one, and other endpoints never
 *   wait. A change of `ordered` holds for what is claimed from then on, leases given before run on, and blocked lines are free once it is
 *   not `block` any more, or the endpoint is disabled.
 * - Fairness: tenants with due work take turns, a delivery each, and at each turn of a tenant the next of its endpoints is served; the one that
 *   was served goes to the end of its tenant's line, and the tenant to the end of all. So until a tenant with due work has its turn, no other
 *   has a second one, however many endpoints it has and however large their backlogs; and an endpoint is served within as many slots as
 *   there are tenants with due work, times the endpoints of its own tenant. A tenant's failing endpoints stand apart, and have a turn of
 *   their own within the failing ones' share. Who is at a cap is passed over and keeps its place. A store may give several deliveries at a
 *   turn where slots are left over. The cost of a claim does not grow with the backlog.
 * - Within one endpoint the longest due come first, of those that its order lets through.
 * - `insertAndClaim`: an `insert` and then a `claim`, under the laws of both, at the price of one call: what was inserted may be claimed at
 *   once, and what waited before it comes before it.
 * - `extend`: prolongs the leases still held, and answers those. An expired one is not: its place under the cap may be taken.
 * - `settle`: compare-and-set on (delivery, attempt, token) with the lease unexpired or not yet taken by another; `stale` otherwise, and then the
 *   state stays as it was. An attempt record given is logged in either case, as long as the delivery exists. One stale settlement hinders
 *   no other one of the batch. A settlement repeated is `stale`, and its attempt record is not logged again.
 * - `release`: gives leases back without blame: due at once, `attempt` lowered by one; stale ones are left alone.
 * - `cancel`: an unfinished delivery becomes `canceled`, and so does one that failed and blocks its line; a lease on it is void.
 * - `redeliver`: `pending` when an unfinished delivery of that event to that endpoint exists, `payload_pruned` when there are no bytes to send,
 *   otherwise a new delivery, due at once. No two of an event to an endpoint `as: 'new'` have one message id.
 * - `nextDueIn`: milliseconds until `claimEvents` or `claim` could answer something, 0 if now, undefined if nothing waits.
 *   Too early is allowed, too late is not, but for work that only a paused endpoint, a busy cap or a blocked line holds back.
 */
export interface DeliveryStore {
  insert(events: readonly NewEvent[]): Promise<readonly InsertedEvent[]>
  /** Absent where it would save nothing: events are then inserted, and their deliveries claimed like any others. */
  insertAndClaim?(
    events: readonly NewEvent[],
    request: DeliveryClaimRequest,
  ): Promise<InsertedAndClaimed>
  claimEvents(request: EventClaimRequest): Promise<EventClaim>
  fanOut(verdicts: readonly EventVerdict[]): Promise<number>
  claim(request: DeliveryClaimRequest): Promise<DeliveryClaim>
  extend(leases: readonly LeaseRef[], leaseMs: number): Promise<readonly LeaseRef[]>
  settle(batch: readonly Settlement[]): Promise<readonly SettleVerdict[]>
  release(leases: readonly LeaseRef[]): Promise<void>
  cancel(tenantId: string, deliveryId: string): Promise<CancelVerdict>
  redeliver(items: readonly Redelivery[]): Promise<readonly RedeliveryVerdict[]>
  nextDueIn(): Promise<number | undefined>
  /** Calls `listener` when another process may have added work. A hint only; absent where the store has none. */
  subscribe?(listener: () => void): () => void
}
