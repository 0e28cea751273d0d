import type {
  ClaimedDelivery,
  DeliveryClaimRequest,
  EndpointRecord,
  InsertedAndClaimed,
  NewDelivery,
  NewEvent,
} from '@posthorn/sender'
import { bornLeased, compact, isOpenTo } from '@posthorn/sender/store'
import { plain, scalar } from '../columns'
import type { Database } from '../database'
import { int, type Row, unexpected } from '../values'
import { rowOf } from './answers'
import { claimDeliveries } from './claims'
import { eventColumns, eventOrder, insertEvents, insertedIn } from './events'
import type { LaneMemory } from './memory'
import { deliveriesOf } from './new-events'
import type { TenantEndpoints } from './tenant-endpoints'
import { tokenOf } from './tokens'

/** What is known without asking the database. */
export interface Known {
  readonly memory: LaneMemory
  readonly tenants: TenantEndpoints
}

/** Each lane is locked, or looked at. */
const mostLanes = 32

/**
 * Writes events under leases of the caller's, by one statement, where nobody's turn is passed over by that: to endpoints that are remembered, that
 * any claim would serve, and while nothing waits in the lanes that this process knows of. Otherwise they are inserted, and then it claims.
 * Other processes' work is the next claim's to find.
 */
export async function insertAndClaim(
  database: Database,
  known: Known,
  events: readonly NewEvent[],
  request: DeliveryClaimRequest,
): Promise<InsertedAndClaimed> {
  const { memory } = known
  const targets = findTargets(known, events)
  const lanes = targets && lanesOf(targets, memory, request)
  const written =
    targets && lanes
      ? await insertLeased(database, { events, targets, lanes, memory, request })
      : await insertOnly(database, events)
  if (written.claim !== undefined) return written
  memory.sent(deliveriesOf(events))
  // They are written: were it to fail now, they would be sent again.
  const claim = await claimDeliveries(database, memory, request).catch(() => undefined)
  return { ...compact({ claim }), ...written }
}

const insertOnly = async (
  database: Database,
  events: readonly NewEvent[],
): Promise<InsertedAndClaimed> => ({ events: await insertEvents(database, events) })

interface ToLease {
  readonly events: readonly NewEvent[]
  readonly targets: Targets
  readonly lanes: LanesToLook
  readonly memory: LaneMemory
  readonly request: DeliveryClaimRequest
}

async function insertLeased(
  database: Database,
  { events, targets, lanes: { own, others }, memory, request }: ToLease,
): Promise<InsertedAndClaimed> {
  const { moment } = memory.lanes
  const order = eventOrder(events)
  const looked = [...own.keys(), ...others]
  const lease = [Math.round(request.leaseMs), request.perEndpoint]
  const answer = rowOf(
    await database.callWith('insert_events', [
      ...[...eventColumns(events, order), scalar(false)],
      ...[plain(lease), plain(looked), plain([...own.values()])],
    ]),
  )
  const inserted = insertedIn(answer.answers, events, order)
  const tokens = tokensIn(answer)
  if (tokens === undefined) return { events: inserted }
  memory.lanes.emptied(looked, moment)
  const now = int(answer, 'now')
  const deliveries = claimedIn(events, targets, { tokens, now })
  return { events: inserted, claim: { now, deliveries, suspects: false } }
}

/** By delivery. */
type Targets = ReadonlyMap<NewDelivery, EndpointRecord>

/** The endpoint of each delivery that is not skipped; undefined if one has to be claimed, or is not known as it is, or none is there. */
function findTargets({ memory, tenants }: Known, events: readonly NewEvent[]): Targets | undefined {
  const targets = new Map<NewDelivery, EndpointRecord>()
  for (const event of events) {
    for (const delivery of event.fanOut?.deliveries ?? []) {
      if (delivery.state.status !== 'pending') continue
      const endpoint = tenants.find(event.tenantId, event.mark, delivery.endpointId)
      if (endpoint === undefined || !isOpenTo(event, endpoint, memory.now)) return undefined
      targets.set(delivery, endpoint)
    }
  }
  return targets.size === 0 ? undefined : targets
}

interface LanesToLook {
  /** How many deliveries each gets. */
  readonly own: ReadonlyMap<number, number>
  /** In line already. */
  readonly others: readonly number[]
}

function lanesOf(
  targets: Targets,
  memory: LaneMemory,
  { limit, solo }: DeliveryClaimRequest,
): LanesToLook | undefined {
  if (solo || targets.size > limit) return undefined
  const own = new Map<number, number>()
  for (const { seq } of targets.values()) own.set(seq, (own.get(seq) ?? 0) + 1)
  const others = memory.lanes.inLine(mostLanes).filter((lane) => !own.has(lane))
  return own.size + others.length > mostLanes ? undefined : { own, others }
}

/** Of each delivery that was given; undefined where none is under a lease. */
function tokensIn({ tokens }: Row): readonly unknown[] | undefined {
  if (tokens === null) return undefined
  if (Array.isArray(tokens)) return tokens
  throw unexpected('tokens')
}

interface Leases {
  readonly tokens: readonly unknown[]
  readonly now: number
}

function claimedIn(
  events: readonly NewEvent[],
  targets: Targets,
  { tokens, now }: Leases,
): readonly ClaimedDelivery[] {
  const given = events.flatMap((event) =>
    (event.fanOut?.deliveries ?? []).map((delivery) => ({ event, delivery })),
  )
  return given.flatMap(({ event, delivery }, index) => {
    const [token, endpoint] = [tokens[index], targets.get(delivery)]
    if (typeof token !== 'number' || endpoint === undefined) return []
    const lease = { endpoint, createdAt: now, token: tokenOf(endpoint.seq, String(token)) }
    return [bornLeased(event, delivery, lease)]
  })
}
