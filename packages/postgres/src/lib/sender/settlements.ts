import type { AttemptRecord, Settlement, SettleVerdict } from '@posthorn/sender'
import { type Argument, Bytes, plain, texts } from '../columns'
import type { Database } from '../database'
import { storable } from '../values'
import { leaseColumns, orderOf, placesIn } from './leases'

export async function settleDeliveries(
  database: Database,
  batch: readonly Settlement[],
): Promise<readonly SettleVerdict[]> {
  if (batch.length === 0) return []
  const { first, placeOf } = rowsOf(batch)
  const columns = [...settlementColumns(first), ...attemptColumns(batch, placeOf)]
  const applied = placesIn(await database.callWith('settle_deliveries', columns))
  const rows = new Map(first.map((settlement, index) => [settlement, index + 1]))
  return batch.map((settlement) => (applied.has(rows.get(settlement) ?? 0) ? 'applied' : 'stale'))
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

const settlementColumns = (batch: readonly Settlement[]): readonly Argument[] => [
  ...leaseColumns(batch.map(({ lease }) => lease)),
  texts(batch.map(({ next }) => next.status)),
  plain(
    batch.map(({ next }) => (next.status === 'pending' ? Math.round(next.retryInMs) : undefined)),
  ),
  plain(batch.map(({ next }) => (next.status === 'pending' ? next.deferred : undefined))),
  texts(batch.map(({ next }) => ('reason' in next ? next.reason : undefined))),
  plain(batch.map(({ attempt }) => attempt?.status)),
]

/** What a peer sent is logged whatever it is: a NUL in it is no reason to lose the attempt. */
function attemptColumns(
  batch: readonly Settlement[],
  placeOf: (settlement: Settlement) => number,
): readonly Argument[] {
  const made = batch.flatMap((settlement) =>
    settlement.attempt ? [{ place: placeOf(settlement), attempt: settlement.attempt }] : [],
  )
  const answers = new Bytes()
  for (const { attempt } of made) answers.add(attempt.responseBody)
  const column = (of: (attempt: AttemptRecord) => string | undefined): Argument =>
    texts(made.map(({ attempt }) => of(attempt)))
  const numbers = (of: (one: AttemptRecord) => number | undefined): Argument =>
    plain(made.map(({ attempt }) => of(attempt)))
  const flags = (of: (attempt: AttemptRecord) => boolean | undefined): Argument =>
    plain(made.map(({ attempt }) => of(attempt)))
  return [
    plain(made.map(({ place }) => place)),
    numbers(({ number }) => number),
    numbers(({ startedAt }) => Math.round(startedAt)),
    numbers(({ durationMs }) => Math.round(durationMs)),
    column(({ outcome }) => outcome),
    numbers(({ status }) => status),
    column(({ requestHeaders }) => requestHeaders && JSON.stringify(requestHeaders)),
    column(({ responseHeaders }) => responseHeaders && JSON.stringify(responseHeaders)),
    flags(({ responseTruncated }) => responseTruncated),
    column(({ error }) => error && storable(error.code)),
    column(({ error }) => error && storable(error.message)),
    flags(({ duplicate }) => duplicate),
    flags(({ freshSocket }) => freshSocket),
    ...answers.places,
    answers.value,
  ]
}
