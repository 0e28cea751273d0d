import type {
  ClaimedDelivery,
  DeliveryClaimRequest,
  EndpointRecord,
  InsertedAndClaimed,
  NewDelivery,
  NewEvent,
} from '@posthorn/sender'
import { bornLeased, isOpenTo } from '@posthorn/sender/store'
import { claimDeliveries } from './claims'
import type { StoreContext } from './context'
import type { Reservation } from './counters'
import { type AddDeliveries, insertEvents, insertReserved, isOutdated, reserveFor } from './events'
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
  const now = context.now()
  const reserved = reserveFor(context, events)
  context.endpoints.refreshTo(context.connection, reserved.changes)
  const targets = findTargets(context, events, { now, reserved })
  if (!targets || !hasRoom(context, targets, { ...request, now })) return undefined
  const until = now + Math.round(request.leaseMs)
  const deliveries: ClaimedDelivery[] = []
  const addDeliveries: AddDeliveries = (writer, { event, parent, fanOut }) => {
    for (const { envelope, body } of fanOut.bodies) writer.addBody(parent, envelope, body)
    for (const delivery of fanOut.deliveries) {
      const endpoint = targets.get(delivery)
      if (!endpoint) {
        writer.add(parent, delivery, reserved)
        continue
      }
      const birth = { lane: endpoint.seq, until, token: reserved.token }
      const queued = writer.addLeased(parent, delivery, { lease: birth, reserved })
      const token = tokenOf(queued.seq, reserved.token)
      context.claimed.add(token, { ...queued, messageId: event.id })
      deliveries.push(bornLeased(event, delivery, { endpoint, token, createdAt: reserved.time }))
    }
  }
  const inserted = insertReserved(context, events, { reserved, addDeliveries })
  return { events: inserted, claim: { now, deliveries, suspects: false } }
}

type Targets = ReadonlyMap<NewDelivery, EndpointRecord>

/** The endpoint of each delivery that is not skipped; undefined if one of them has to wait, or none is there, or an event is outdated. */
function findTargets(
  { connection, endpoints }: StoreContext,
  events: readonly NewEvent[],
  { now, reserved }: { readonly now: number; readonly reserved: Reservation },
): Targets | undefined {
  const targets = new Map<NewDelivery, EndpointRecord>()
  for (const event of events) {
    if (isOutdated(event, reserved)) return undefined
    for (const delivery of event.fanOut?.deliveries ?? []) {
      if (delivery.state.status !== 'pending') continue
      const endpoint = endpoints.byId(connection, event.tenantId, delivery.endpointId)
      if (!endpoint || !isOpenTo(event, endpoint, now)) return undefined
      targets.set(delivery, endpoint)
    }
  }
  return targets
}

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
