import type { AttemptRecord, Settlement, SettleVerdict } from '@posthorn/sender'
import { Bytes, type Cell, cellsOf, scalar, separator } from '../columns'
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
    attempt ? [attemptCells(places[index] ?? 0, attempt, bytes)] : [],
  )
  const pending = first.filter(({ next }) => next.status === 'pending').length
  const settlements = cellsOf(first.map(settlementCells))
  const given = [settlements, cellsOf(attempts), bytes.value, scalar(pending)]
  const answer = await database.callWith('settle_deliveries', given)
  if (answer === undefined && first.length === batch.length) return batch.map(() => 'applied')
  const applied = answer === undefined ? undefined : placesIn(answer)
  return batch.map((settlement, index) => {
    const place = places[index] ?? 0
    const isApplied = applied === undefined || applied.has(place * settlementWidth)
    return first[place] === settlement && isApplied ? 'applied' : 'stale'
  })
}

/** Cells of a row. */
const settlementWidth = 9

interface SettlementRows {
  /** Each lease once, in the order in which rows are locked. */
  readonly first: readonly Settlement[]
  /** Of each settlement the place of the row that is its lease's. */
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
    const place = ofLease.get(key) ?? first.push(settlement) - 1
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

const loggable = (text: string): string => storable(text).replaceAll(separator, '\ufffd')

/** What a peer sent is logged whatever it is: a NUL in it is no reason to lose the attempt. */
function attemptCells(place: number, attempt: AttemptRecord, bytes: Bytes): readonly Cell[] {
  const { requestHeaders, responseHeaders, error } = attempt
  const [start, length] = bytes.add(attempt.responseBody)
  return [
    place * settlementWidth,
    attempt.number,
    Math.round(attempt.startedAt),
    Math.round(attempt.durationMs),
    attempt.outcome,
    attempt.status,
    requestHeaders && JSON.stringify(requestHeaders),
    responseHeaders && JSON.stringify(responseHeaders),
    attempt.responseTruncated,
    error && loggable(error.code),
    error && loggable(error.message),
    attempt.duplicate,
    attempt.freshSocket,
    start,
    length,
  ]
}
