import type { EventQuery, EventRecord, HistoryItem, HistoryQuery, Page } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int } from '../values'
import { Conditions } from './conditions'
import type { StoreContext } from './context'
import { EVENT_JOIN, QUEUE_JOIN } from './log-deliveries'
import { cursorOf, pageOf, startOf } from './paging'
import { DELIVERY_COLUMNS, EVENT_COLUMNS, toDelivery, toEvent } from './records'
import { eventRange, type TimeRange } from './seq-at'

const PAYLOAD_JOIN = 'LEFT JOIN posthorn_payloads p ON p.event_seq = e.seq'

const SOURCES = {
  tenant: `posthorn_events e INDEXED BY posthorn_events_tenant ${PAYLOAD_JOIN}`,
  invalid: `posthorn_events e INDEXED BY posthorn_events_invalid ${PAYLOAD_JOIN}`,
  recorded: `posthorn_unmatched u CROSS JOIN posthorn_events e ON e.seq = u.event_seq ${PAYLOAD_JOIN}`,
  all: `posthorn_events e NOT INDEXED ${PAYLOAD_JOIN}`,
} as const

/** Written out, so that the partial index of the invalid ones applies. */
const STATE = {
  recorded: "e.state = 'recorded'",
  fanned_out: "e.state = 'fanned_out'",
  invalid: "e.state = 'invalid'",
} as const

const GET_EVENT = `
  SELECT ${EVENT_COLUMNS} FROM posthorn_events e ${PAYLOAD_JOIN} WHERE e.tenant_id = ? AND e.id = ?`

const LIST_DELIVERIES_TO = `
  SELECT d.event_seq, ${DELIVERY_COLUMNS}
  FROM json_each(?) AS j
    CROSS JOIN posthorn_deliveries d INDEXED BY posthorn_deliveries_event ON d.event_seq = j.value
    ${EVENT_JOIN} ${QUEUE_JOIN}
  WHERE d.endpoint_id = ? ORDER BY d.seq`

export function getEvent(
  { connection }: StoreContext,
  tenantId: string,
  id: string,
): EventRecord | undefined {
  const row = connection.get(GET_EVENT, tenantId, id)
  return row && toEvent(row)
}

export function listEvents({ connection }: StoreContext, query: EventQuery): Page<EventRecord> {
  const where = withinTime(connection, query)
    .add('e.tenant_id = ?', query.tenantId)
    .add('e.type = ?', query.type)
    .add('e.seq < ?', startOf('events', query.cursor))
  if (query.state !== undefined) where.addPart(STATE[query.state])
  const rows = connection.all(
    `SELECT ${EVENT_COLUMNS} FROM ${SOURCES[sourceOf(query)]} WHERE ${where.sql}
      ORDER BY e.seq DESC LIMIT 0 + ?`,
    ...where.values,
    query.limit + 1,
  )
  return pageOf(rows, query.limit, toEvent, (row) => cursorOf('events', int(row, 'seq')))
}

function sourceOf({ tenantId, state }: EventQuery): keyof typeof SOURCES {
  if (state === 'recorded') return 'recorded'
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
    .add('e.seq > ?', startOf('history', query.cursor))
  const rows = connection.all(
    `SELECT ${EVENT_COLUMNS} FROM ${SOURCES.tenant} WHERE ${where.sql} ORDER BY e.seq LIMIT 0 + ?`,
    ...where.values,
    query.limit + 1,
  )
  const seqs = rows.slice(0, query.limit).map((row) => int(row, 'seq'))
  const deliveries = deliveriesTo(connection, query.endpointId, seqs)
  const toItem = (row: (typeof rows)[number]): HistoryItem => ({
    event: toEvent(row),
    deliveries: deliveries.get(int(row, 'seq')) ?? [],
  })
  return pageOf(rows, query.limit, toItem, (row) => cursorOf('history', int(row, 'seq')))
}

function deliveriesTo(connection: Connection, endpointId: string, events: readonly number[]) {
  const byEvent = new Map<number, HistoryItem['deliveries'][number][]>()
  for (const row of connection.all(LIST_DELIVERIES_TO, JSON.stringify(events), endpointId)) {
    const seq = int(row, 'event_seq')
    const found = byEvent.get(seq) ?? []
    byEvent.set(seq, found)
    found.push(toDelivery(row))
  }
  return byEvent
}
