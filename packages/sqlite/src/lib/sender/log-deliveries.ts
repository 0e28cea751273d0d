import type { AttemptRecord, DeliveryQuery, DeliveryRecord, Page } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, optionalInt } from '../values'
import { Conditions } from './conditions'
import type { StoreContext } from './context'
import { findSeq } from './leases'
import { pageOf, startOf } from './paging'
import { readDelivery, toAttempt } from './records'
import { deliveryRange } from './seq-at'

/** Where a list starts from: the index that fits what is asked for, so that none but the widest reads the whole log. */
const SOURCES = {
  event: 'posthorn_deliveries d INDEXED BY posthorn_deliveries_event',
  endpoint: 'posthorn_deliveries d INDEXED BY posthorn_deliveries_endpoint',
  unsent: 'posthorn_deliveries d INDEXED BY posthorn_deliveries_unsent',
  tenant: 'posthorn_deliveries d INDEXED BY posthorn_deliveries_tenant',
  queue: 'posthorn_queue d NOT INDEXED',
  all: 'posthorn_deliveries d NOT INDEXED',
} as const

/** The conditions on the status of finished ones, spelt so that the partial index of their source applies. */
const FINISHED = {
  succeeded: "d.status = 'succeeded'",
  failed: "d.status = 'failed' AND d.status <> 'succeeded'",
  skipped: "d.status = 'skipped' AND d.status <> 'succeeded'",
  canceled: "d.status = 'canceled' AND d.status <> 'succeeded'",
} as const

const UNFINISHED = { pending: 'IS NULL', delivering: 'IS NOT NULL' } as const

const TOKEN_OF_UNFINISHED =
  'd.status IS NULL AND (SELECT q.token FROM posthorn_queue q WHERE q.seq = d.seq)'

const ofEvent = (column: string) =>
  `(SELECT e.${column} FROM posthorn_events e WHERE e.seq = d.event_seq)`

const ENDPOINT_OF_QUEUED =
  '(SELECT x.endpoint_id FROM posthorn_deliveries x WHERE x.seq = d.seq) = ?'

const FIND_EVENT_SEQ = `
  SELECT seq FROM posthorn_events INDEXED BY posthorn_events_id WHERE tenant_id = ? AND id = ?`

const LIST_ATTEMPTS = `
  SELECT a.*,
    (SELECT request FROM posthorn_attempt_headers h WHERE h.seq = a.shared) AS shared_request,
    (SELECT response FROM posthorn_attempt_headers h WHERE h.seq = a.shared) AS shared_response,
    (SELECT coalesce(d.message_id, (SELECT e.id FROM posthorn_events e WHERE e.seq = d.event_seq))
      FROM posthorn_deliveries d WHERE d.seq = a.delivery_seq) AS message_id
  FROM posthorn_attempts a WHERE delivery_seq = ? ORDER BY number, started_at`

export function listDeliveries(
  { connection }: StoreContext,
  query: DeliveryQuery,
): Page<DeliveryRecord> {
  const source = sourceOf(query)
  const where = conditionsOf(connection, query, source)
  const sql = `SELECT d.seq FROM ${SOURCES[source]} WHERE ${where.sql} ORDER BY d.seq DESC LIMIT 0 + ?`
  const seqs = connection.all(sql, ...where.values, query.limit + 1).map((row) => int(row, 'seq'))
  return pageOf('deliveries', seqs, query.limit, (seq) => readDelivery(connection, seq))
}

function sourceOf({ tenantId, status, endpointId, eventId }: DeliveryQuery): keyof typeof SOURCES {
  if (tenantId !== undefined && eventId !== undefined) return 'event'
  if (status === 'pending' || status === 'delivering') return 'queue'
  if (endpointId !== undefined) return 'endpoint'
  if (tenantId === undefined) return 'all'
  return status === undefined || status === 'succeeded' ? 'tenant' : 'unsent'
}

function conditionsOf(
  connection: Connection,
  query: DeliveryQuery,
  source: keyof typeof SOURCES,
): Conditions {
  const { tenantId, eventId, status } = query
  const range = deliveryRange(connection, query)
  const where = new Conditions()
    .add('d.tenant_id = ?', tenantId)
    .add(source === 'queue' ? ENDPOINT_OF_QUEUED : 'd.endpoint_id = ?', query.endpointId)
    .add(`${ofEvent('type')} = ?`, query.type)
    .add('d.created_at >= ?', query.since)
    .add('d.created_at < ?', query.until)
    .add('d.seq >= ?', range.from)
    .add('d.seq < ?', range.to)
    .add('d.seq < ?', startOf('deliveries', query.cursor) ?? Number.MAX_SAFE_INTEGER)
  if (status !== undefined) where.addPart(statusCondition(status, source))
  if (eventId === undefined) return where
  if (tenantId === undefined) return where.add(`${ofEvent('id')} = ?`, eventId)
  const event = connection.get(FIND_EVENT_SEQ, tenantId, eventId) ?? {}
  return where.add('d.event_seq = ?', optionalInt(event, 'seq') ?? 0)
}

function statusCondition(
  status: NonNullable<DeliveryQuery['status']>,
  source: keyof typeof SOURCES,
): string {
  if (status !== 'pending' && status !== 'delivering') return FINISHED[status]
  return `${source === 'queue' ? 'd.token' : TOKEN_OF_UNFINISHED} ${UNFINISHED[status]}`
}

export function getDelivery(
  { connection }: StoreContext,
  tenantId: string,
  id: string,
): DeliveryRecord | undefined {
  const seq = findSeq(connection, tenantId, id)
  return seq === undefined ? undefined : readDelivery(connection, seq)
}

export function listAttempts(
  { connection }: StoreContext,
  tenantId: string,
  id: string,
): readonly AttemptRecord[] {
  const seq = findSeq(connection, tenantId, id)
  return seq === undefined ? [] : connection.all(LIST_ATTEMPTS, seq).map(toAttempt)
}
