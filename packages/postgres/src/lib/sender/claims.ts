import type {
  ClaimedDelivery,
  DeliveryClaim,
  DeliveryClaimRequest,
  EndpointRecord,
} from '@posthorn/sender'
import { type Argument, composite, plain } from '../columns'
import type { Database } from '../database'
import { flag, int, optionalText, type Row, strings, text, unexpected } from '../values'
import { bodyOf, count, rowOf } from './answers'
import { toEndpoint } from './endpoint-row'
import type { LanePlan, LaneReport } from './lanes'
import type { LaneMemory } from './memory'
import { tokenOf } from './tokens'

/** What a claim found, and of which lanes. */
export interface Found {
  readonly claim: DeliveryClaim
  readonly report: LaneReport
}

/** Claims of the lanes that the process knows of; an answer without any delivery is given only after a search for others. */
export async function claimDeliveries(
  database: Database,
  memory: LaneMemory,
  request: DeliveryClaimRequest,
): Promise<DeliveryClaim> {
  if (request.solo || request.limit <= 0) return claimOnce(database, memory, request)
  if (!memory.isDueForSearch()) {
    const claim = await claimOnce(database, memory, request)
    if (claim.deliveries.length > 0) return claim
  }
  const { now, suspects } = await memory.search()
  if (memory.lanes.isEmpty) return { now, suspects, deliveries: [] }
  return claimOnce(database, memory, request)
}

async function claimOnce(
  database: Database,
  memory: LaneMemory,
  request: DeliveryClaimRequest,
): Promise<DeliveryClaim> {
  const { solo, limit, perEndpoint, failingLimit } = request
  const plan = memory.lanes.plan(solo ? 0 : limit, perEndpoint, failingLimit)
  const columns = claimColumns(request, { plan, memory, waits: true })
  const rows = await database.select('claim_deliveries', columns)
  const { report, claim } = readClaim(rows, memory)
  memory.lanes.learn(plan, report)
  memory.served(claim.deliveries.length, request)
  const [first] = claim.deliveries
  if (solo && first) memory.soloServed = first.endpoint.seq
  return claim
}

interface ClaimTerms {
  readonly plan: LanePlan
  readonly memory: LaneMemory
  /** Whether the only lane is waited for while another session is at it. */
  readonly waits: boolean
}

export function claimColumns(
  request: DeliveryClaimRequest,
  { plan, memory, waits }: ClaimTerms,
): readonly Argument[] {
  const { limit, leaseMs, perEndpoint, failingLimit, probeAfterMs, solo } = request
  const { lanes, quotas, first } = plan
  return [
    plain(lanes),
    plain(quotas),
    plain(lanes.map((lane) => memory.endpoints.get(lane)?.revision ?? 0)),
    composite([
      ...[first, limit, Math.round(leaseMs), perEndpoint, failingLimit, probeAfterMs],
      ...[solo, memory.soloServed, waits],
    ]),
  ]
}

/** A row for each delivery, and then one for the whole. */
export function readClaim(rows: readonly Row[], memory: LaneMemory): Found {
  const last = rows.at(-1)
  if (last === undefined) throw unexpected('claim_deliveries')
  const whole = rowOf(JSON.parse(text(last, 'note')))
  for (const endpoint of listOf(whole, 'endpoints')) memory.remember(toEndpoint(rowOf(endpoint)))
  const deliveries = rows.slice(0, -1).map((row) => toClaimed(row, endpointOf(row, memory)))
  const [now, suspects] = [int(whole, 'now'), flag(whole, 'suspects')]
  return { claim: { now, deliveries, suspects }, report: reportIn(whole) }
}

/** A lane that was looked at twice is there twice. */
function reportIn(whole: Row): LaneReport {
  const [taken, left] = [numbersOf(whole, 'taken'), numbersOf(whole, 'left')]
  const found = new Map<number, { readonly taken: number; readonly left: number }>()
  for (const [place, lane] of numbersOf(whole, 'lanes').entries()) {
    const before = found.get(lane)?.taken ?? 0
    found.set(lane, { taken: before + (taken[place] ?? 0), left: left[place] ?? 0 })
  }
  return { seen: int(whole, 'seen'), busy: new Set(numbersOf(whole, 'busy')), found }
}

const numbersOf = (row: Row, name: string): readonly number[] => listOf(row, name).map(Number)

function endpointOf(row: Row, memory: LaneMemory): EndpointRecord {
  const endpoint = memory.endpoints.get(count(row, 'lane'))
  if (endpoint === undefined) throw unexpected('lane')
  return endpoint
}

function toClaimed(row: Row, endpoint: EndpointRecord): ClaimedDelivery {
  const attempt = count(row, 'attempt')
  const eventId = text(row, 'event')
  const orderingKey = optionalText(row, 'orderkey')
  return {
    lease: {
      tenantId: endpoint.tenantId,
      deliveryId: text(row, 'id'),
      attempt,
      token: tokenOf(endpoint.seq, text(row, 'token')),
    },
    eventId,
    eventType: text(row, 'type'),
    ...(orderingKey === undefined ? {} : { orderingKey }),
    messageId: optionalText(row, 'message') ?? eventId,
    progress: {
      attempt,
      lost: count(row, 'lost'),
      soloLost: count(row, 'sololost'),
      deferred: count(row, 'deferred'),
    },
    createdAt: count(row, 'created'),
    endpoint,
    metadata: strings(row, 'metadata'),
    body: bodyOf(row),
  }
}

function listOf(row: Row, name: string): readonly unknown[] {
  const value = row[name]
  if (value === null) return []
  if (Array.isArray(value)) return value
  throw unexpected(name)
}

export async function nextDueIn(database: Database): Promise<number | undefined> {
  const answer = await database.call('next_due_in')
  return typeof answer === 'number' ? answer : undefined
}
