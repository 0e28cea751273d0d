import type { EventQuery, EventRecord, Page } from '@posthorn/sender'
import type { Database } from '../database'
import { int, type Row } from '../values'
import { rowOf, rowsOf } from './answers'
import { Conditions } from './conditions'
import { ceil } from './log-deliveries'
import { pageOf, startOf } from './paging'
import { toEvent } from './records'

export const EVENT_COLUMNS = `
  v.tenant_id, v.id, v.seq, v.type, v.version, v."timestamp", v.recorded_at, v.state, v.issues, v.idempotency_key, v.ordering_key, v.metadata,
  encode(v.body, 'hex') AS body`

export async function getEvent(
  database: Database,
  tenantId: string,
  id: string,
): Promise<EventRecord | undefined> {
  const statement = `
    SELECT (SELECT row_to_json(x) FROM (
      SELECT ${EVENT_COLUMNS} FROM ${database.schema}.events v WHERE v.tenant_id = $1::text AND v.id = $2::text) x)::text AS result`
  const answer = await database.ask(statement, [tenantId, id])
  return answer === undefined ? undefined : toEvent(rowOf(answer))
}

export async function listEvents(
  database: Database,
  query: EventQuery,
): Promise<Page<EventRecord>> {
  const where = eventRange(query)
    .add('v.tenant_id = ?::text', query.tenantId)
    .add('v.type = ?::text', query.type)
    .add('v.state = ?::text', query.state)
  const from = startOf('events', query.cursor)
  if (from) where.addPart(placeBefore(where, from))
  const statement = `
    SELECT coalesce(json_agg(row_to_json(x) ORDER BY x.recorded_at DESC, x.seq DESC), '[]')::text AS result FROM (
      SELECT ${EVENT_COLUMNS} FROM ${database.schema}.events v WHERE ${where.sql}
      ORDER BY v.recorded_at DESC, v.seq DESC LIMIT ${where.place(query.limit + 1)}::integer) x`
  const found = rowsOf(await database.ask(statement, where.values))
  const page = pageOf('events', found, query.limit, placeOf)
  return { ...page, items: page.items.map(toEvent) }
}

const placeOf = (row: Row): readonly number[] => [int(row, 'recorded_at'), int(row, 'seq')]

/** The part of a query that says when events were recorded; and `seq > 0`, as the index of a tenant's says it. */
export const eventRange = ({ since, until }: { since?: number; until?: number }): Conditions =>
  new Conditions()
    .addPart('v.seq > 0')
    .add('v.recorded_at >= ?::bigint', ceil(since))
    .add('v.recorded_at < ?::bigint', ceil(until))

function placeBefore(where: Conditions, [time = 0, seq = 0]: readonly number[]) {
  return `(v.recorded_at, v.seq) < (${where.place(time)}::bigint, ${where.place(seq)}::bigint)`
}
