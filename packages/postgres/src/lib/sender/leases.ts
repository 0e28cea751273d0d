import type { CancelVerdict, LeaseRef, Redelivery, RedeliveryVerdict } from '@posthorn/sender'
import { type Argument, Bytes, type Cell, rows, scalar } from '../columns'
import type { Database } from '../database'
import { unexpected } from '../values'
import { inOrder } from './new-events'
import { readToken } from './tokens'

/** What names a lease. */
export const leaseCells = (lease: LeaseRef): readonly Cell[] => [
  lease.tenantId,
  lease.deliveryId,
  lease.attempt,
  readToken(lease)?.text,
]

/** The order in which rows of the queue are locked. */
export const orderOf = (leases: readonly LeaseRef[]): readonly number[] =>
  inOrder(leases, ({ tenantId, deliveryId }) => `${tenantId} ${deliveryId}`)

const sorted = (leases: readonly LeaseRef[]): LeaseRef[] =>
  orderOf(leases).flatMap((place) => leases[place] ?? [])

/** The lanes whose leases these are. */
export const lanesOf = (leases: readonly LeaseRef[]): ReadonlySet<number> =>
  new Set(leases.flatMap((lease) => readToken(lease)?.lane ?? []))

export async function extendLeases(
  database: Database,
  leases: readonly LeaseRef[],
  leaseMs: number,
): Promise<readonly LeaseRef[]> {
  if (leases.length === 0) return []
  const given = sorted(leases)
  const columns = [rows(given.map(leaseCells)), scalar(Math.round(leaseMs))]
  const extended = placesIn(await database.callWith('extend_leases', columns))
  const held = new Set(given.filter((_, index) => extended.has(index + 1)))
  return leases.filter((lease) => held.has(lease))
}

/** Places of rows, from 1. */
export function placesIn(answer: unknown): ReadonlySet<number> {
  if (Array.isArray(answer) && answer.every((place) => typeof place === 'number'))
    return new Set(answer)
  throw unexpected('places')
}

export async function releaseLeases(
  database: Database,
  leases: readonly LeaseRef[],
): Promise<void> {
  if (leases.length === 0) return
  await database.callWith('release_leases', [rows(sorted(leases).map(leaseCells))])
}

const CANCEL_VERDICTS = ['canceled', 'finished', 'not_found'] as const

export async function cancelDelivery(
  database: Database,
  tenantId: string,
  deliveryId: string,
): Promise<CancelVerdict> {
  const statement = `SELECT to_json(${database.schema}.cancel_delivery($1::text, $2::text))::text AS result`
  const answer = await database.ask(statement, [tenantId, deliveryId])
  return known(CANCEL_VERDICTS, answer)
}

const REDELIVERY_VERDICTS = [
  'created',
  'pending',
  'payload_pruned',
  'event_not_found',
  'endpoint_not_found',
] as const

export async function redeliver(
  database: Database,
  items: readonly Redelivery[],
): Promise<readonly RedeliveryVerdict[]> {
  if (items.length === 0) return []
  const answer = await database.callWith('redeliver', redeliveryColumns(items))
  if (!Array.isArray(answer)) throw unexpected('redeliver')
  return answer.map((verdict) => known(REDELIVERY_VERDICTS, verdict))
}

function redeliveryColumns(items: readonly Redelivery[]): readonly Argument[] {
  const bytes = new Bytes()
  const cells = items.map((item) => {
    const { tenantId, id, eventId, endpointId, as, envelope, replayOf, body } = item
    const names = [tenantId, id, eventId, endpointId]
    return [...names, as === 'new', envelope, replayOf, ...bytes.add(body)]
  })
  return [rows(cells), bytes.value]
}

function known<Value>(values: readonly Value[], answer: unknown): Value {
  const value = values.find((one) => one === answer)
  if (value === undefined) throw unexpected('verdict')
  return value
}
