import type {
  ClaimedDelivery,
  DeliveryClaimRequest,
  EndpointRecord,
  InsertedAndClaimed,
  NewDelivery,
  NewEvent,
} from '@posthorn/sender'
import { claimDeliveries } from './claims'
import type { StoreContext } from './context'
import { nextToken } from './counters'
import { type FannedOutEvent, insertEvents } from './events'
import { tokenOf } from './leases'
import { countHeld } from './line-up'
import { nextTimes, nothingDue } from './queue'

/**
 * In one transaction: it waits for the disk once, as the insert alone would.
 *
 * Where nothing was due before, nobody's turn is passed over: deliveries that any claim would answer are then written under a lease, which
 * spares the claim. Whatever has an order, a rate, a health or a cap to heed is left to a claim.
 */
export function insertAndClaim(
  context: StoreContext,
  events: readonly NewEvent[],
  request: DeliveryClaimRequest,
): InsertedAndClaimed {
  const born = nothingDue(context, nextTimes(context)) && lease(context, events, request)
  if (born) return born
  const inserted = insertEvents(context, events)
  const times = nextTimes(context)
  const claim = nothingDue(context, times) ?? claimDeliveries(context, times, request)
  return { events: inserted, claim }
}

/** Undefined, and nothing is written, unless all of them may be leased. */
function lease(
  context: StoreContext,
  events: readonly NewEvent[],
  request: DeliveryClaimRequest,
): InsertedAndClaimed | undefined {
  const { connection, endpoints, claimed } = context
  const now = context.now()
  const { token, changes } = nextToken(connection, 0)
  endpoints.refreshTo(connection, changes)
  const targets = findTargets(context, events, now)
  if (!targets || !hasRoom(context, targets, { ...request, now })) return undefined
  const until = now + Math.round(request.leaseMs)
  const deliveries: ClaimedDelivery[] = []
  const inserted = insertEvents(context, events, (writer, fanned) => {
    const { parent, fanOut, reserved } = fanned
    for (const { envelope, body } of fanOut.bodies) writer.addBody(parent, envelope, body)
    for (const delivery of fanOut.deliveries) {
      const endpoint = targets.get(delivery)
      if (!endpoint) {
        writer.add(parent, delivery, reserved)
        continue
      }
      const birth = { lane: endpoint.seq, until, token }
      const queued = writer.addLeased(parent, delivery, { lease: birth, reserved })
      const lease = { endpoint, token: tokenOf(queued.seq, token) }
      claimed.add(lease.token, queued)
      deliveries.push(toClaimed(fanned, delivery, lease))
    }
  })
  return { events: inserted, claim: { now, deliveries, suspects: false } }
}

type Targets = ReadonlyMap<NewDelivery, EndpointRecord>

/** The endpoint of each delivery that is not skipped; undefined if one of them has to wait, or none is there. */
function findTargets(
  { connection, endpoints }: StoreContext,
  events: readonly NewEvent[],
  now: number,
): Targets | undefined {
  const targets = new Map<NewDelivery, EndpointRecord>()
  for (const { tenantId, orderingKey, fanOut } of events) {
    for (const delivery of fanOut?.deliveries ?? []) {
      if (delivery.state.status !== 'pending') continue
      const endpoint = endpoints.byId(connection, tenantId, delivery.endpointId)
      if (!endpoint || !isOpen(endpoint, now)) return undefined
      if (endpoint.ordered !== undefined && orderingKey !== undefined) return undefined
      targets.set(delivery, endpoint)
    }
  }
  return targets
}

const isOpen = (endpoint: EndpointRecord, now: number): boolean =>
  endpoint.status === 'enabled' &&
  endpoint.health.state === 'healthy' &&
  (endpoint.throttledUntil ?? 0) <= now &&
  endpoint.rateLimit === undefined

function hasRoom(
  { connection }: StoreContext,
  targets: Targets,
  { limit, perEndpoint, now }: DeliveryClaimRequest & { readonly now: number },
): boolean {
  if (targets.size > limit) return false
  const held = new Map(countHeld(connection, now))
  for (const { seq: lane } of targets.values()) {
    const leases = (held.get(lane) ?? 0) + 1
    if (leases > perEndpoint) return false
    held.set(lane, leases)
  }
  return true
}

interface Lease {
  readonly endpoint: EndpointRecord
  readonly token: string
}

function toClaimed(
  { event, fanOut, reserved }: FannedOutEvent,
  { id, envelope }: NewDelivery,
  { endpoint, token }: Lease,
): ClaimedDelivery {
  const { tenantId, orderingKey } = event
  const body =
    envelope === undefined
      ? event.body
      : fanOut.bodies.find((each) => each.envelope === envelope)?.body
  return {
    lease: { tenantId, deliveryId: id, attempt: 1, token },
    eventId: event.id,
    eventType: event.type,
    ...(orderingKey === undefined ? {} : { orderingKey }),
    messageId: event.id,
    progress: { attempt: 1, lost: 0, soloLost: 0, deferred: 0 },
    createdAt: reserved.time,
    endpoint,
    body,
    metadata: event.metadata,
  }
}
