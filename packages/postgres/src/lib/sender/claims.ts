import type { ClaimedDelivery, DeliveryClaim, DeliveryClaimRequest } from '@posthorn/sender'
import { type Argument, composite, plain, separator } from '../columns'
import type { Database } from '../database'
import { flag, int, type Row, text, unexpected } from '../values'
import { bodyOf, rowOf } from './answers'
import { toEndpoint } from './endpoint-row'
import type { LanePlan, LaneReport } from './lanes'
import type { LaneMemory } from './memory'
import { tokenOf } from './tokens'

/** What a claim found, and of which lanes. */
interface Found {
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
  const { now, suspects, dueIn } = await memory.search()
  if (memory.lanes.isEmpty) return { now, suspects, deliveries: [], next: { dueIn } }
  return claimOnce(database, memory, request)
}

async function claimOnce(
  database: Database,
  memory: LaneMemory,
  request: DeliveryClaimRequest,
): Promise<DeliveryClaim> {
  const { solo, limit, perEndpoint, failingLimit } = request
  const plan = memory.lanes.plan(solo ? 0 : limit, perEndpoint, failingLimit)
  const columns = claimColumns(request, plan, memory)
  const rows = await database.select('claim_deliveries', columns)
  const { report, claim } = readClaim(rows, memory)
  memory.observe(claim.now)
  memory.lanes.learn(plan, report)
  const [first] = claim.deliveries
  if (solo && first) memory.soloServed = first.endpoint.seq
  return !solo && hasMore(report) ? { next: { dueIn: 0 }, ...claim } : claim
}

/** Whether more could have been claimed, had there been more slots. */
function hasMore({ found }: LaneReport): boolean {
  for (const { left } of found.values()) if (left > 0) return true
  return false
}

function claimColumns(
  request: DeliveryClaimRequest,
  plan: LanePlan,
  memory: LaneMemory,
): readonly Argument[] {
  const { limit, leaseMs, perEndpoint, failingLimit, probeAfterMs, solo } = request
  const { lanes, quotas, first } = plan
  return [
    plain(lanes),
    plain(quotas),
    plain(lanes.map((lane) => memory.endpoints.get(lane)?.revision ?? 0)),
    composite([
      ...[first, limit, Math.round(leaseMs), perEndpoint, failingLimit, probeAfterMs],
      ...[solo, memory.soloServed],
    ]),
  ]
}

/** A row for each delivery, and then one for the whole. */
function readClaim(rows: readonly Row[], memory: LaneMemory): Found {
  const last = rows.at(-1)
  if (last === undefined) throw unexpected('claim_deliveries')
  const whole = rowOf(JSON.parse(text(last, 'note')))
  for (const endpoint of listOf(whole, 'endpoints')) memory.remember(toEndpoint(rowOf(endpoint)))
  const deliveries = rows.slice(0, -1).map((row) => toClaimed(row, memory))
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

/** The cells before the ordering key, which is last because it may hold a separator itself. */
const cellsBeforeKey = 12

function toClaimed(row: Row, memory: LaneMemory): ClaimedDelivery {
  const cells = text(row, 'cells').split(separator)
  const [lane, deliveryId, token, attempts, eventId, eventType, message] = cells
  const [lost, soloLost, deferred, createdAt, metadata] = cells.slice(7, cellsBeforeKey)
  const endpoint = memory.endpoints.get(Number(lane))
  const orderingKey = cells.slice(cellsBeforeKey).join(separator)
  if (!endpoint || !deliveryId || !token || !eventId || !eventType || metadata === undefined)
    throw unexpected('cells')
  const attempt = Number(attempts)
  return {
    ...(orderingKey === '' ? {} : { orderingKey }),
    lease: {
      tenantId: endpoint.tenantId,
      deliveryId,
      attempt,
      token: tokenOf(endpoint.seq, token),
    },
    eventId,
    eventType,
    messageId: message || eventId,
    progress: {
      attempt,
      lost: Number(lost),
      soloLost: Number(soloLost),
      deferred: Number(deferred),
    },
    createdAt: Number(createdAt),
    endpoint,
    metadata: metadata === '{}' ? {} : JSON.parse(metadata),
    body: bodyOf(row),
  }
}

function listOf(row: Row, name: string): readonly unknown[] {
  const value = row[name]
  if (value === null) return []
  if (Array.isArray(value)) return value
  throw unexpected(name)
}
