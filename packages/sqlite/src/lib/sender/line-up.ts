import type { DeliveryClaimRequest } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, text } from '../values'
import { startsLeft } from './pace'

/*
 * Tenants with a lane in line stand in one themselves: of each the lane that has waited longest comes first, then of each the second, and so
 * on. A tenant's healthy and failing lanes stand apart.
 */

const COUNT_HELD = `
  SELECT lane, count(*) AS held FROM posthorn_queue INDEXED BY posthorn_queue_leased
  WHERE line IS NULL AND leased_until > ? GROUP BY lane`

const TENANTS_IN_LINE = `
  SELECT tenant_id, turn FROM posthorn_turns INDEXED BY posthorn_turns_line
  WHERE failing = ? ORDER BY turn, tenant_id LIMIT 0 + ?`

/** Of each tenant named the lanes that have waited longest, without those that are at their cap. */
const LANES_IN_LINE = `
  SELECT json_group_array(json((
    SELECT json_group_array(json_array(lane, failing_since, pace_interval IS NOT NULL)) FROM (
      SELECT * FROM posthorn_lanes INDEXED BY posthorn_lanes_line
      WHERE failing = ? AND tenant_id = j.value AND turn IS NOT NULL
        AND lane NOT IN (SELECT value FROM json_each(?))
        AND NOT (coalesce(failing_since <= ?, 0) AND lane IN (SELECT value FROM json_each(?)))
      ORDER BY turn, lane LIMIT 0 + ? OFFSET 0 + ?)))) AS json
  FROM json_each(?) AS j`

type LaneColumns = readonly [lane: number, failingSince: number | null, limited: number]

/** A tenant's healthy lanes in line, or its failing ones. */
export interface Tenant {
  readonly id: string
  readonly failing: boolean
  readonly turn: number
}

/** A lane standing in line during one claim. */
export interface Standing {
  readonly lane: number
  readonly tenant: Tenant
  /** How many lanes of its tenant come before it. */
  readonly rank: number
  readonly limited: boolean
  /** How many more leases its endpoint may have. */
  room: number
  taken: number
  spent: boolean
}

interface Terms {
  readonly request: DeliveryClaimRequest
  readonly now: number
  /** Unexpired leases, by lane. */
  readonly held: ReadonlyMap<number, number>
}

/** As many lanes as could be served, in the order of their turns. */
export function lineUp(
  connection: Connection,
  request: DeliveryClaimRequest,
  now: number,
): readonly Standing[] {
  const { limit, failingLimit } = request
  if (limit <= 0) return []
  const terms = { request, now, held: countHeld(connection, now) }
  return [
    ...standing(connection, { failing: false, most: limit }, terms),
    ...standing(connection, { failing: true, most: Math.min(limit, failingLimit) }, terms),
  ]
    .sort((a, b) => a.rank - b.rank || a.tenant.turn - b.tenant.turn || a.lane - b.lane)
    .slice(0, limit)
}

/** Unexpired leases, by lane. */
export function countHeld(connection: Connection, now: number): ReadonlyMap<number, number> {
  const rows = connection.all(COUNT_HELD, now)
  return new Map(rows.map((row) => [int(row, 'lane'), int(row, 'held')]))
}

interface Wanted {
  readonly failing: boolean
  readonly most: number
}

/** Of healthy or of failing lanes at least `most`, if there are so many. */
function standing(connection: Connection, wanted: Wanted, terms: Terms): readonly Standing[] {
  if (wanted.most <= 0) return []
  const tenants = tenantsInLine(connection, wanted, terms)
  const count = Math.ceil(wanted.most / Math.max(1, tenants.length))
  const found: Standing[] = []
  for (let asked = 0; asked < tenants.length && found.length < wanted.most; ) {
    const some = tenants.slice(asked, asked + wanted.most - found.length)
    asked += some.length
    found.push(...lanesOf(connection, some, { ...terms, from: 0, count }))
  }
  const missing = wanted.most - found.length
  const longer = found.filter(({ rank }) => rank === count - 1).map(({ tenant }) => tenant)
  if (missing > 0 && longer.length > 0)
    found.push(...lanesOf(connection, longer, { ...terms, from: count, count: missing }))
  return found
}

/** A few more than wanted: of some all lanes may be at their caps. */
function tenantsInLine(
  connection: Connection,
  { failing, most }: Wanted,
  { held }: Terms,
): readonly Tenant[] {
  return connection
    .all(TENANTS_IN_LINE, Number(failing), most + held.size)
    .map((row) => ({ id: text(row, 'tenant_id'), failing, turn: int(row, 'turn') }))
}

interface Part extends Terms {
  readonly from: number
  readonly count: number
}

/** The lanes of some tenants, all of one line, from a rank on. */
function lanesOf(
  connection: Connection,
  tenants: readonly Tenant[],
  part: Part,
): readonly Standing[] {
  const { request, now, held, from, count } = part
  const at = (cap: number) =>
    JSON.stringify([...held].flatMap(([lane, leases]) => (leases >= cap ? [lane] : [])))
  const { perEndpoint, probeAfterMs } = request
  const lists = connection.json<readonly (readonly LaneColumns[])[]>(
    LANES_IN_LINE,
    Number(tenants[0]?.failing ?? false),
    at(perEndpoint),
    now - probeAfterMs,
    at(Math.min(1, perEndpoint)),
    count,
    from,
    JSON.stringify(tenants.map(({ id }) => id)),
  )
  return tenants.flatMap((tenant, place) =>
    (lists[place] ?? []).map((columns, index) =>
      toStanding(connection, { columns, tenant, rank: from + index }, part),
    ),
  )
}

interface Found {
  readonly columns: LaneColumns
  readonly tenant: Tenant
  readonly rank: number
}

function toStanding(
  connection: Connection,
  { columns: [lane, failingSince, limited], tenant, rank }: Found,
  { request, now, held }: Terms,
): Standing {
  const { perEndpoint, probeAfterMs } = request
  const isProbed = failingSince !== null && failingSince <= now - probeAfterMs
  const cap = isProbed ? Math.min(1, perEndpoint) : perEndpoint
  const starts = limited === 1 ? startsLeft(connection, lane, now) : Number.POSITIVE_INFINITY
  return {
    lane,
    tenant,
    rank,
    limited: limited === 1,
    room: Math.min(cap - (held.get(lane) ?? 0), starts),
    taken: 0,
    spent: false,
  }
}
