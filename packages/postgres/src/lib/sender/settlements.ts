import type { AttemptRecord, Settlement, SettleVerdict } from '@posthorn/sender'
import { Bytes, type Cell, rows, scalar } from '../columns'
import type { Database } from '../database'
import { storable } from '../values'
import { leaseCells, orderOf, placesIn } from './leases'

export async function settleDeliveries(
  database: Database,
  batch: readonly Settlement[],
): Promise<readonly SettleVerdict[]> {
  if (batch.length === 0) return []
  const { first, places } = rowsOf(batch)
  const bytes = new Bytes()
  const attempts = batch.flatMap(({ attempt }, index) =>
    attempt ? [attemptCells(places[index], attempt, bytes)] : [],
  )
  const pending = first.filter(({ next }) => next.status === 'pending').length
  const given = [rows(first.map(settlementCells)), rows(attempts), bytes.value, scalar(pending)]
  const applied = placesIn(await database.callWith('settle_deliveries', given))
  return batch.map((settlement, index) => {
    const place = places[index] ?? 0
    return first[place - 1] === settlement && applied.has(place) ? 'applied' : 'stale'
  })
}

interface SettlementRows {
  /** Each lease once, in the order in which rows are locked. */
  readonly first: readonly Settlement[]
  /** Of each settlement the place, from 1, of the row that is its lease's. */
  readonly places: readonly number[]
}

/** Of two settlements of a lease the second is stale. */
function rowsOf(batch: readonly Settlement[]): SettlementRows {
  const ofLease = new Map<string, number>()
  const first: Settlement[] = []
  const places: number[] = []
  for (const index of orderOf(batch.map(({ lease }) => lease))) {
    const settlement = batch[index]
    if (settlement === undefined) continue
    const key = keyOf(settlement)
    const place = ofLease.get(key) ?? first.push(settlement)
    ofLease.set(key, place)
    places[index] = place
  }
  return { first, places }
}

const keyOf = ({ lease }: Settlement): string =>
  `${lease.token} ${lease.attempt} ${lease.tenantId} ${lease.deliveryId}`

function settlementCells({ lease, next, attempt }: Settlement): readonly Cell[] {
  const again = next.status === 'pending' ? next : undefined
  return [
    ...leaseCells(lease),
    next.status,
    again && Math.round(again.retryInMs),
    again?.deferred,
    'reason' in next ? next.reason : undefined,
    attempt?.status,
  ]
}

/** What a peer sent is logged whatever it is: a NUL in it is no reason to lose the attempt. */
function attemptCells(place: Cell, attempt: AttemptRecord, bytes: Bytes): readonly Cell[] {
  const { requestHeaders, responseHeaders, error } = attempt
  const [start, length] = bytes.add(attempt.responseBody)
  return [
    place,
    attempt.number,
    Math.round(attempt.startedAt),
    Math.round(attempt.durationMs),
    attempt.outcome,
    attempt.status,
    requestHeaders && JSON.stringify(requestHeaders),
    responseHeaders && JSON.stringify(responseHeaders),
    attempt.responseTruncated,
    error && storable(error.code),
    error && storable(error.message),
    attempt.duplicate,
    attempt.freshSocket,
    start,
    length,
  ]
}
