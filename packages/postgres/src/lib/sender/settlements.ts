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
  const { first, placeOf } = rowsOf(batch)
  const bytes = new Bytes()
  const attempts = batch.flatMap((settlement) => {
    const { attempt } = settlement
    return attempt ? [[placeOf(settlement), ...attemptCells(attempt, bytes)]] : []
  })
  const pending = first.filter(({ next }) => next.status === 'pending').length
  const given = [rows(first.map(settlementCells)), rows(attempts), bytes.value, scalar(pending)]
  const applied = placesIn(await database.callWith('settle_deliveries', given))
  const places = new Map(first.map((settlement, index) => [settlement, index + 1]))
  return batch.map((settlement) => (applied.has(places.get(settlement) ?? 0) ? 'applied' : 'stale'))
}

interface SettlementRows {
  /** Each lease once, in the order in which rows are locked. */
  readonly first: readonly Settlement[]
  /** Of a settlement the place, from 1, of the row that is its lease's. */
  placeOf(settlement: Settlement): number
}

/** Of two settlements of a lease the second is stale. */
function rowsOf(batch: readonly Settlement[]): SettlementRows {
  const places = new Map<string, number>()
  const first: Settlement[] = []
  for (const index of orderOf(batch.map(({ lease }) => lease))) {
    const settlement = batch[index]
    if (settlement === undefined || places.has(keyOf(settlement))) continue
    first.push(settlement)
    places.set(keyOf(settlement), first.length)
  }
  return { first, placeOf: (settlement) => places.get(keyOf(settlement)) ?? 0 }
}

const keyOf = ({ lease }: Settlement): string =>
  `${lease.token} ${lease.attempt} ${lease.tenantId} ${lease.deliveryId}`

function settlementCells({ lease, next, attempt }: Settlement): readonly Cell[] {
  const again = next.status === 'pending' ? next : undefined
  const wait = again && Math.round(again.retryInMs)
  const reason = 'reason' in next ? next.reason : undefined
  return [...leaseCells(lease), next.status, wait, again?.deferred, reason, attempt?.status]
}

/** What a peer sent is logged whatever it is: a NUL in it is no reason to lose the attempt. */
function attemptCells(attempt: AttemptRecord, bytes: Bytes): readonly Cell[] {
  const { number, startedAt, durationMs, outcome, status, error } = attempt
  const { requestHeaders, responseHeaders, responseTruncated, duplicate, freshSocket } = attempt
  const [start, length] = bytes.add(attempt.responseBody)
  return [
    ...[number, Math.round(startedAt), Math.round(durationMs), outcome, status],
    ...[requestHeaders && JSON.stringify(requestHeaders)],
    ...[responseHeaders && JSON.stringify(responseHeaders), responseTruncated],
    ...[error && storable(error.code), error && storable(error.message), duplicate, freshSocket],
    ...[start, length],
  ]
}
