import type { HistoryItem, HistoryQuery, Page } from '@posthorn/sender'
import type { Database } from '../database'
import { flag, int, type Row, rows, text } from '../values'
import { rowOf } from './answers'
import { fromCursor, type HistoryPlace, toCursor } from './history-cursor'
import { FINISHED, UNFINISHED } from './log-deliveries'
import { EVENT_COLUMNS, eventRange } from './log-events'
import { toDelivery, toEvent } from './records'

export async function listHistory(
  database: Database,
  query: HistoryQuery,
): Promise<Page<HistoryItem>> {
  const place = fromCursor(query.cursor)
  const { statement, values } = statementOf(database.schema, query, place)
  const answer = rowOf(await database.ask(statement, values))
  const found = rows(answer, 'items')
  const items = found.slice(0, query.limit)
  const next = nextPlace(place, answer, found.length > query.limit ? items.at(-1) : undefined)
  return { items: items.map(toHistoryItem), ...(next && { cursor: toCursor(next) }) }
}

/** `last` is the page's last row when its round goes on. */
function nextPlace(
  { base }: HistoryPlace,
  answer: Row,
  last: Row | undefined,
): HistoryPlace | undefined {
  const snapshot = text(answer, 'snapshot')
  if (last !== undefined) {
    const event = eventOf(last)
    const [time, seq] = [int(event, 'recorded_at'), int(event, 'seq')]
    return { at: 'within', ...(base && { base }), snapshot, time, seq }
  }
  return flag(answer, 'late') ? { at: 'start', base: snapshot } : undefined
}

function statementOf(schema: string, query: HistoryQuery, place: HistoryPlace) {
  const where = eventRange(query)
    .add('v.tenant_id = ?::text', query.tenantId)
    .add(
      'v.type = ANY (ARRAY(SELECT jsonb_array_elements_text(?::text::jsonb)))',
      query.types && JSON.stringify(query.types),
    )
  const wanted = where.sql
  if (place.base !== undefined) where.addPart(isUnseen(where.place(place.base)))
  let [snapshot, late] = ['pg_current_snapshot()', 'false']
  if (place.at === 'within') {
    const param = where.place(place.snapshot)
    snapshot = `${param}::text::pg_snapshot`
    late = `EXISTS (SELECT 1 FROM ${schema}.events v WHERE ${wanted} AND ${isUnseen(param)})`
    where
      .addPart(isSeen(param))
      .addPart(
        `(v.recorded_at, v.seq) > (${where.place(place.time)}::bigint, ${where.place(place.seq)}::bigint)`,
      )
  }
  const endpoint = where.place(query.endpointId)
  const arm = (columns: string, table: string) => `
    SELECT ${columns} FROM ${schema}.${table} d
    WHERE d.tenant_id = x.tenant_id AND d.event_id = x.id AND d.created_at > 0 AND d.endpoint_id = ${endpoint}::text`
  const statement = `
    SELECT json_build_object('snapshot', ${snapshot}::text, 'late', ${late}, 'items', (
      SELECT coalesce(json_agg(json_build_object('event', row_to_json(x), 'deliveries', (
        SELECT coalesce(json_agg(row_to_json(y) ORDER BY y.seq), '[]')
        FROM (SELECT d.*, x.type FROM (${arm(UNFINISHED, 'queue')} UNION ALL ${arm(FINISHED, 'deliveries')}) d) y
      )) ORDER BY x.recorded_at, x.seq), '[]') FROM (
        SELECT ${EVENT_COLUMNS} FROM ${schema}.events v WHERE ${where.sql}
        ORDER BY v.recorded_at, v.seq LIMIT ${where.place(query.limit + 1)}::integer) x))::text AS result`
  return { statement, values: where.values }
}

/** Rows that came from another server by a dump have numbers that this one has not given yet: every snapshot sees them. */
const IMPORTED = 'v.writer >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint'

const isSeen = (snapshot: string): string =>
  `(v.writer < pg_snapshot_xmin(${snapshot}::text::pg_snapshot)::text::bigint OR ${IMPORTED}
    OR pg_visible_in_snapshot(v.writer::text::xid8, ${snapshot}::text::pg_snapshot))`

const isUnseen = (snapshot: string): string =>
  `v.writer >= pg_snapshot_xmin(${snapshot}::text::pg_snapshot)::text::bigint AND NOT ${IMPORTED}
    AND NOT pg_visible_in_snapshot(v.writer::text::xid8, ${snapshot}::text::pg_snapshot)`

const eventOf = (row: Row): Row => rowOf(row.event)

const toHistoryItem = (row: Row): HistoryItem => ({
  event: toEvent(eventOf(row)),
  deliveries: rows(row, 'deliveries').map(toDelivery),
})
