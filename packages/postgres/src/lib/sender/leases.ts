import type {
  AttemptRecord,
  CancelVerdict,
  LeaseRef,
  Redelivery,
  RedeliveryVerdict,
  Settlement,
  SettleVerdict,
} from '@posthorn/sender'
import type { Database } from '../database'
import { hex, storable, unexpected } from '../values'
import { flagsOf } from './answers'

export async function settleDeliveries(
  database: Database,
  batch: readonly Settlement[],
): Promise<readonly SettleVerdict[]> {
  if (batch.length === 0) return []
  const applied = flagsOf(await database.call('settle_deliveries', batch.map(fromSettlement)))
  return applied.map((one) => (one ? 'applied' : 'stale'))
}

function fromSettlement({ lease, next, attempt }: Settlement) {
  return {
    ...fromLease(lease),
    ...next,
    httpStatus: attempt?.status,
    ...(attempt && { log: fromAttempt(attempt) }),
  }
}

/** What a peer sent is logged whatever it is: a NUL in it is no reason to lose the attempt. */
function fromAttempt(attempt: AttemptRecord) {
  const { number, outcome, status, responseTruncated, duplicate, freshSocket, error } = attempt
  const { requestHeaders, responseHeaders, responseBody } = attempt
  return {
    ...{ number, outcome, status, responseTruncated, duplicate, freshSocket },
    startedAt: Math.round(attempt.startedAt),
    durationMs: Math.round(attempt.durationMs),
    requestHeaders: requestHeaders && JSON.stringify(requestHeaders),
    responseHeaders: responseHeaders && JSON.stringify(responseHeaders),
    errorCode: error && storable(error.code),
    errorMessage: error && storable(error.message),
    responseBody: responseBody && hex(responseBody),
  }
}

const fromLease = ({ tenantId, deliveryId, attempt, token }: LeaseRef) => ({
  tenantId,
  id: deliveryId,
  attempt,
  token,
})

export async function extendLeases(
  database: Database,
  leases: readonly LeaseRef[],
  leaseMs: number,
): Promise<readonly LeaseRef[]> {
  if (leases.length === 0) return []
  const request = { leaseMs, leases: leases.map(fromLease) }
  const extended = flagsOf(await database.call('extend_leases', request))
  return leases.filter((_, index) => extended[index])
}

export async function releaseLeases(
  database: Database,
  leases: readonly LeaseRef[],
): Promise<void> {
  if (leases.length > 0) await database.call('release_leases', leases.map(fromLease))
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
  const request = items.map(({ body, ...item }) => ({ ...item, ...(body && { body: hex(body) }) }))
  const answer = await database.call('redeliver', request)
  if (!Array.isArray(answer)) throw unexpected('redeliver')
  return answer.map((verdict) => known(REDELIVERY_VERDICTS, verdict))
}

function known<Value>(values: readonly Value[], answer: unknown): Value {
  const value = values.find((one) => one === answer)
  if (value === undefined) throw unexpected('verdict')
  return value
}
