import type { EventQuery, EventRecord, HistoryItem, HistoryQuery, Page } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int } from '../values'
import { Conditions } from './conditions'
import type { StoreContext } from './context'
import { pageOf, startOf } from './paging'
import { readDelivery, readEvent } from './records'
import { eventRange, type TimeRange } from './seq-at'

const SOURCES = {
  tenant: 'posthorn_events e INDEXED BY posthorn_events_tenant',
  invalid: 'posthorn_events e INDEXED BY posthorn_events_invalid',
  all: 'posthorn_events e NOT INDEXED',
} as const

/** Written out, so that the partial index of the invalid ones applies. */
const STATE = {
  recorded: "e.state = 'recorded'",
  fanned_out: "e.state = 'fanned_out'",
  invalid: "e.state = 'invalid'",
} as const

const FIND_EVENT = `
  SELECT seq FROM posthorn_events INDEXED BY posthorn_events_id WHERE tenant_id = ? AND id = ?`

const LIST_DELIVERIES_TO = `
  SELECT seq FROM posthorn_deliveries INDEXED BY posthorn_deliveries_event
  WHERE event_seq = ? AND endpoint_id = ? AND seq > 0 ORDER BY seq`

export function getEvent(
  { connection }: StoreContext,
  tenantId: string,
  id: string,
): EventRecord | undefined {
  const row = connection.get(FIND_EVENT, tenantId, id)
  return row && readEvent(connection, int(row, 'seq'))
}

export function listEvents({ connection }: StoreContext, query: EventQuery): Page<EventRecord> {
  const where = withinTime(connection, query)
    .add('e.tenant_id = ?', query.tenantId)
    .add('e.type = ?', query.type)
    .add('e.seq < ?', startOf('events', query.cursor) ?? Number.MAX_SAFE_INTEGER)
  if (query.state !== undefined) where.addPart(STATE[query.state])
  const sql = `SELECT e.seq FROM ${SOURCES[sourceOf(query)]} WHERE ${where.sql} ORDER BY e.seq DESC LIMIT 0 + ?`
  const seqs = connection.all(sql, ...where.values, query.limit + 1).map((row) => int(row, 'seq'))
  return pageOf('events', seqs, query.limit, (seq) => readEvent(connection, seq))
}

function sourceOf({ tenantId, state }: EventQuery): keyof typeof SOURCES {
  if (tenantId === undefined) return 'all'
  return state === 'invalid' ? 'invalid' : 'tenant'
}

function withinTime(connection: Connection, times: TimeRange): Conditions {
  const range = eventRange(connection, times)
  return new Conditions()
    .add('e.recorded_at >= ?', times.since)
    .add('e.recorded_at < ?', times.until)
    .add('e.seq >= ?', range.from)
    .add('e.seq < ?', range.to)
}

export function listHistory({ connection }: StoreContext, query: HistoryQuery): Page<HistoryItem> {
  const types = query.types && JSON.stringify(query.types)
  const where = withinTime(connection, query)
    .add('e.tenant_id = ?', query.tenantId)
    .add('e.type IN (SELECT value FROM json_each(?))', types)
    .add('e.seq > ?', startOf('history', query.cursor) ?? 0)
  const sql = `SELECT e.seq FROM ${SOURCES.tenant} WHERE ${where.sql} ORDER BY e.seq LIMIT 0 + ?`
  const seqs = connection.all(sql, ...where.values, query.limit + 1).map((row) => int(row, 'seq'))
  return pageOf('history', seqs, query.limit, (seq) => {
    const event = readEvent(connection, seq)
    return event && { event, deliveries: deliveriesTo(connection, query.endpointId, seq) }
  })
}

function deliveriesTo(
  connection: Connection,
  endpointId: string,
  eventSeq: number,
): HistoryItem['deliveries'] {
  return connection
    .all(LIST_DELIVERIES_TO, eventSeq, endpointId)
    .map((row) => readDelivery(connection, int(row, 'seq')))
    .filter((delivery) => delivery !== undefined)
}
