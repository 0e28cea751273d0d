import type { AttemptRecord, DeliveryQuery, DeliveryRecord, Page } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, optionalInt } from '../values'
import { Conditions } from './conditions'
import type { StoreContext } from './context'
import { cursorOf, pageOf, startOf } from './paging'
import { DELIVERY_COLUMNS, toAttempt, toDelivery } from './records'
import { deliveryRange } from './seq-at'

export const EVENT_JOIN = 'CROSS JOIN posthorn_events e ON e.seq = d.event_seq'
export const QUEUE_JOIN = 'LEFT JOIN posthorn_queue q ON q.seq = d.seq'

/** Where a list starts from: the index that fits what is asked for, so that none but the widest reads the whole log. */
const SOURCES = {
  event: `posthorn_deliveries d INDEXED BY posthorn_deliveries_event ${EVENT_JOIN} ${QUEUE_JOIN}`,
  endpoint: `posthorn_deliveries d INDEXED BY posthorn_deliveries_endpoint ${EVENT_JOIN} ${QUEUE_JOIN}`,
  unsent: `posthorn_deliveries d INDEXED BY posthorn_deliveries_unsent ${EVENT_JOIN} ${QUEUE_JOIN}`,
  tenant: `posthorn_deliveries d INDEXED BY posthorn_deliveries_tenant ${EVENT_JOIN} ${QUEUE_JOIN}`,
  queue: `posthorn_queue q CROSS JOIN posthorn_deliveries d ON d.seq = q.seq ${EVENT_JOIN}`,
  all: `posthorn_deliveries d NOT INDEXED ${EVENT_JOIN} ${QUEUE_JOIN}`,
} as const

/** The condition on `status`, spelt so that the partial index of its source applies. */
const STATUS = {
  pending: 'd.status IS NULL AND q.token IS NULL',
  delivering: 'd.status IS NULL AND q.token IS NOT NULL',
  succeeded: "d.status = 'succeeded'",
  failed: "d.status = 'failed' AND d.status <> 'succeeded'",
  skipped: "d.status = 'skipped' AND d.status <> 'succeeded'",
  canceled: "d.status = 'canceled' AND d.status <> 'succeeded'",
} as const

const FIND_EVENT_SEQ = 'SELECT seq FROM posthorn_events WHERE tenant_id = ? AND id = ?'

const GET_DELIVERY = `
  SELECT ${DELIVERY_COLUMNS} FROM posthorn_deliveries d ${EVENT_JOIN} ${QUEUE_JOIN}
  WHERE d.tenant_id = ? AND d.id = ?`

const LIST_ATTEMPTS = `
  SELECT a.* FROM posthorn_attempts a
  WHERE a.delivery_seq = (SELECT seq FROM posthorn_deliveries WHERE tenant_id = ? AND id = ?)
  ORDER BY a.number, a.started_at`

export function listDeliveries(
  { connection }: StoreContext,
  query: DeliveryQuery,
): Page<DeliveryRecord> {
  const where = conditionsOf(connection, query)
  const rows = connection.all(
    `SELECT ${DELIVERY_COLUMNS} FROM ${SOURCES[sourceOf(query)]} WHERE ${where.sql}
      ORDER BY d.seq DESC LIMIT 0 + ?`,
    ...where.values,
    query.limit + 1,
  )
  return pageOf(rows, query.limit, toDelivery, (row) => cursorOf('deliveries', int(row, 'seq')))
}

function sourceOf({ tenantId, status, endpointId, eventId }: DeliveryQuery): keyof typeof SOURCES {
  if (tenantId !== undefined && eventId !== undefined) return 'event'
  if (status === 'pending' || status === 'delivering') return 'queue'
  if (endpointId !== undefined) return 'endpoint'
  if (tenantId === undefined) return 'all'
  return status === undefined || status === 'succeeded' ? 'tenant' : 'unsent'
}

function conditionsOf(connection: Connection, query: DeliveryQuery): Conditions {
  const { tenantId, eventId, status } = query
  const range = deliveryRange(connection, query)
  const where = new Conditions()
    .add('d.tenant_id = ?', tenantId)
    .add('d.endpoint_id = ?', query.endpointId)
    .add('e.type = ?', query.type)
    .add('d.created_at >= ?', query.since)
    .add('d.created_at < ?', query.until)
    .add('d.seq >= ?', range.from)
    .add('d.seq < ?', range.to)
    .add('d.seq < ?', startOf('deliveries', query.cursor))
  if (status !== undefined) where.addPart(STATUS[status])
  if (eventId === undefined) return where
  if (tenantId === undefined) return where.add('e.id = ?', eventId)
  const event = connection.get(FIND_EVENT_SEQ, tenantId, eventId) ?? {}
  return where.add('d.event_seq = ?', optionalInt(event, 'seq') ?? 0)
}

export function getDelivery(
  { connection }: StoreContext,
  tenantId: string,
  id: string,
): DeliveryRecord | undefined {
  const row = connection.get(GET_DELIVERY, tenantId, id)
  return row && toDelivery(row)
}

export function listAttempts(
  { connection }: StoreContext,
  tenantId: string,
  id: string,
): readonly AttemptRecord[] {
  return connection.all(LIST_ATTEMPTS, tenantId, id).map(toAttempt)
}
