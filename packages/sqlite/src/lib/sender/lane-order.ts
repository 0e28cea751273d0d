import type { EndpointRecord } from '@posthorn/sender'
import type { Connection } from '../connection'
import { text } from '../values'
import { ChangedLines } from './order'

const DISSOLVE = `
  UPDATE posthorn_queue INDEXED BY posthorn_queue_order SET
    order_key = NULL,
    line = CASE WHEN line = 2 THEN (lost + (token IS NOT NULL) >= 2) ELSE line END
  WHERE lane = ? AND order_key IS NOT NULL`

const FREE_LINES = 'DELETE FROM posthorn_blocked WHERE lane = ?'

/** Reads the whole queue: for what happens seldom. */
const LINE_UP = `
  UPDATE posthorn_queue SET
    order_key = (SELECT ordering_key FROM posthorn_events e WHERE e.seq = event_seq)
  WHERE lane = ?`

const HOLD_ALL = `
  UPDATE posthorn_queue INDEXED BY posthorn_queue_order SET line = 2
  WHERE lane = ? AND order_key IS NOT NULL AND line IS NOT NULL`

const LIST_KEYS = `
  SELECT DISTINCT order_key FROM posthorn_queue INDEXED BY posthorn_queue_order
  WHERE lane = ? AND order_key IS NOT NULL`

/** A disabled endpoint's deliveries are claimed to be skipped: in any order. */
export const effectiveOrder = ({
  status,
  ordered,
}: Pick<EndpointRecord, 'status' | 'ordered'>): EndpointRecord['ordered'] =>
  status === 'disabled' ? undefined : ordered

/** Lines a lane up anew after its endpoint's order changed; what is under a lease keeps it. */
export function reorder(connection: Connection, endpoint: EndpointRecord): void {
  const { seq: lane, tenantId } = endpoint
  dissolveLines(connection, lane)
  if (effectiveOrder(endpoint) === undefined) return
  connection.run(LINE_UP, lane)
  connection.run(HOLD_ALL, lane)
  const lines = new ChangedLines()
  for (const row of connection.all(LIST_KEYS, lane)) {
    lines.add({ lane, tenantId, key: text(row, 'order_key') })
  }
  lines.write(connection)
}

/** From now on nothing in the lane waits for its key. */
export function dissolveLines(connection: Connection, lane: number): void {
  connection.run(DISSOLVE, lane)
  connection.run(FREE_LINES, lane)
}
