import type { AttemptRecord, DeliveryQuery, DeliveryRecord, Page } from '@posthorn/sender'
import type { Database } from '../database'
import { int, type Row } from '../values'
import { rowOf, rowsOf } from './answers'
import { Conditions } from './conditions'
import { pageOf, startOf } from './paging'
import { toAttempt, toDelivery } from './records'

/** Both kinds of rows in one form; `time` is when it is due, leased until, or finished. */
export const UNFINISHED = `
  d.tenant_id, d.id, d.event_id, d.endpoint_id, coalesce(d.message_id, d.event_id) AS message_id, d.attempt, d.lost, d.solo_lost, d.deferred, d.last_status, d.created_at, d.seq,
  d.replay_of, CASE WHEN d.token IS NULL THEN 'pending' ELSE 'delivering' END AS status, NULL AS reason,
  CASE WHEN d.token IS NULL THEN d.due_at ELSE d.leased_until END AS time`
export const FINISHED = `
  d.tenant_id, d.id, d.event_id, d.endpoint_id, coalesce(d.message_id, d.event_id) AS message_id, d.attempt, d.lost, d.solo_lost, d.deferred, d.last_status, d.created_at, d.seq,
  d.replay_of, d.status, d.reason, d.finished_at AS time`

const isUnfinished = (status: string): boolean => status === 'pending' || status === 'delivering'

export async function listDeliveries(
  database: Database,
  query: DeliveryQuery,
): Promise<Page<DeliveryRecord>> {
  const { schema } = database
  const where = conditionsOf(query, schema)
  const limit = where.place(query.limit + 1)
  const arm = (columns: string, table: string, status: string) => `
    (SELECT ${columns} FROM ${schema}.${table} d WHERE ${where.sql} ${status}
     ORDER BY d.created_at DESC, d.seq DESC LIMIT ${limit}::integer)`
  const { status } = query
  const arms = [
    ...(status === undefined || isUnfinished(status)
      ? [arm(UNFINISHED, 'queue', unfinishedOf(status))]
      : []),
    ...(status === undefined || !isUnfinished(status)
      ? [arm(FINISHED, 'deliveries', status === undefined ? '' : `AND d.status = '${status}'`)]
      : []),
  ]
  const statement = `
    SELECT coalesce(json_agg(row_to_json(x) ORDER BY x.created_at DESC, x.seq DESC), '[]')::text AS result FROM (
      SELECT d.*, v.type FROM (${arms.join(' UNION ALL ')}) d
      JOIN ${schema}.events v ON v.tenant_id = d.tenant_id AND v.id = d.event_id
      ORDER BY d.created_at DESC, d.seq DESC LIMIT ${limit}::integer) x`
  const found = rowsOf(await database.ask(statement, where.values))
  const page = pageOf('deliveries', found, query.limit, placeOf)
  return { ...page, items: page.items.map(toDelivery) }
}

const placeOf = (row: Row): readonly number[] => [int(row, 'created_at'), int(row, 'seq')]

/** `seq > 0`, as its index says it. */
function unfinishedOf(status: string | undefined): string {
  const leased =
    status === undefined ? '' : `AND d.token IS ${status === 'pending' ? '' : 'NOT '}NULL`
  return `AND d.seq > 0 ${leased}`
}

function conditionsOf(query: DeliveryQuery, schema: string): Conditions {
  const where = new Conditions()
    .add('d.tenant_id = ?::text', query.tenantId)
    .add('d.endpoint_id = ?::text', query.endpointId)
    .add('d.event_id = ?::text', query.eventId)
    .add('d.created_at >= ?::bigint', ceil(query.since))
    .add('d.created_at < ?::bigint', ceil(query.until))
    .add(
      `EXISTS (SELECT 1 FROM ${schema}.events t WHERE t.tenant_id = d.tenant_id AND t.id = d.event_id AND t.type = ?::text)`,
      query.type,
    )
  const [time, seq] = startOf('deliveries', query.cursor) ?? []
  if (time === undefined || seq === undefined) return where
  return where.addPart(
    `(d.created_at, d.seq) < (${where.place(time)}::bigint, ${where.place(seq)}::bigint)`,
  )
}

/** Times are whole, so a bound between two means the later one. */
export const ceil = (time: number | undefined): number | undefined =>
  time === undefined ? undefined : Math.ceil(time)

export async function getDelivery(
  database: Database,
  tenantId: string,
  id: string,
): Promise<DeliveryRecord | undefined> {
  const { schema } = database
  const arm = (columns: string, table: string) =>
    `SELECT ${columns} FROM ${schema}.${table} d WHERE d.tenant_id = $1::text AND d.id = $2::text`
  const statement = `
    SELECT (SELECT row_to_json(x) FROM (
      SELECT d.*, v.type FROM (${arm(UNFINISHED, 'queue')} UNION ALL ${arm(FINISHED, 'deliveries')}) d
      JOIN ${schema}.events v ON v.tenant_id = d.tenant_id AND v.id = d.event_id LIMIT 1) x)::text AS result`
  const answer = await database.ask(statement, [tenantId, id])
  return answer === undefined ? undefined : toDelivery(rowOf(answer))
}

export async function listAttempts(
  database: Database,
  tenantId: string,
  deliveryId: string,
): Promise<readonly AttemptRecord[]> {
  const statement = `
    SELECT coalesce(json_agg(row_to_json(x) ORDER BY x.number, x.started_at), '[]')::text AS result FROM (
      SELECT a.number, a.started_at, a.duration_ms, a.outcome, a.status, a.request_headers, a.response_headers, a.response_truncated,
        a.error_code, a.error_message, a.duplicate, a.fresh_socket, encode(a.response_body, 'hex') AS response_body
      FROM ${database.schema}.attempts a WHERE a.tenant_id = $1::text AND a.delivery_id = $2::text) x`
  return rowsOf(await database.ask(statement, [tenantId, deliveryId])).map(toAttempt)
}
