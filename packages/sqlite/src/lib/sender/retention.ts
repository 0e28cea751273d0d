import type { Pruned, PruneRequest } from '@posthorn/sender'
import { finalStatuses } from '@posthorn/sender/store'
import type { Connection } from '../connection'
import { int, oneOf, text } from '../values'
import type { StoreContext } from './context'
import { deliveryRange, eventRange } from './seq-at'
import { Tallies } from './tallies'

/** Only what nobody needs any more: no unfinished delivery, and matched. */
const FIND_OLD_PAYLOADS = `
  SELECT p.event_seq FROM posthorn_payloads p
  WHERE p.event_seq < ?
    AND (SELECT e.recorded_at FROM posthorn_events e WHERE e.seq = p.event_seq) < ?
    AND NOT EXISTS (SELECT 1 FROM posthorn_unmatched u WHERE u.event_seq = p.event_seq)
    AND NOT EXISTS (
      SELECT 1 FROM posthorn_deliveries d INDEXED BY posthorn_deliveries_event
      WHERE d.event_seq = p.event_seq AND d.status IS NULL)
    AND NOT EXISTS (SELECT 1 FROM posthorn_blocked b WHERE b.event_seq = p.event_seq)
  ORDER BY p.event_seq LIMIT 0 + ?`

const DELETE_PAYLOAD = 'DELETE FROM posthorn_payloads WHERE event_seq = ?'

const DELETE_BODIES = `
  DELETE FROM posthorn_event_bodies INDEXED BY posthorn_event_bodies_envelope
  WHERE event_seq = ?`

const MARK_PRUNED = 'UPDATE posthorn_events SET pruned = 1, idempotency_key = NULL WHERE seq = ?'

/** Of deliveries that are as old: an index on the time would cost each attempt more than it would save here. */
const FIND_OLD_ATTEMPTS = `
  SELECT delivery_seq, number, started_at FROM posthorn_attempts
  WHERE delivery_seq < ? AND started_at < ? ORDER BY delivery_seq LIMIT 0 + ?`

const DELETE_ATTEMPT = `
  DELETE FROM posthorn_attempts WHERE delivery_seq = ? AND number = ? AND started_at = ?`

/** What no attempt shares any more; it ends at the first that is for young deliveries, as all that follow are. */
const FIND_OLD_HEADERS = `
  SELECT h.seq FROM posthorn_attempt_headers h
  WHERE h.seq < coalesce((
      SELECT y.seq FROM posthorn_attempt_headers y
      WHERE y.last_delivery >= ? ORDER BY y.seq LIMIT 1), 9223372036854775807)
    AND NOT EXISTS (
      SELECT 1 FROM posthorn_attempts a
      WHERE a.delivery_seq BETWEEN h.first_delivery AND h.last_delivery AND a.shared = h.seq)
  ORDER BY h.seq LIMIT 0 + ?`

const DELETE_HEADERS = 'DELETE FROM posthorn_attempt_headers WHERE seq = ?'

/** After their attempts, so that no call touches more than the limit of either. */
const FIND_OLD_DELIVERIES = `
  SELECT d.seq, d.event_seq, d.tenant_id, d.status FROM posthorn_deliveries d NOT INDEXED
  WHERE d.seq < ? AND d.status IS NOT NULL AND d.finished_at < ?
    AND NOT EXISTS (SELECT 1 FROM posthorn_attempts a WHERE a.delivery_seq = d.seq)
    AND NOT EXISTS (SELECT 1 FROM posthorn_blocked b WHERE b.delivery_seq = d.seq)
  ORDER BY d.seq LIMIT 0 + ?`

const DELETE_DELIVERY = 'DELETE FROM posthorn_deliveries WHERE seq = ?'

const FORGET_DELIVERY = 'UPDATE posthorn_events SET deliveries = deliveries - 1 WHERE seq = ?'

const FIND_ORPHANS = `
  SELECT seq FROM posthorn_events INDEXED BY posthorn_events_orphans
  WHERE pruned = 1 AND deliveries = 0 LIMIT 0 + ?`

const DELETE_EVENT = 'DELETE FROM posthorn_events WHERE seq = ?'

export function prune({ connection, now }: StoreContext, request: PruneRequest): Pruned {
  const { events, attempts, limit } = request
  const time = now()
  const payloads = events === undefined ? 0 : prunePayloads(connection, time - events, limit)
  if (attempts === undefined) return { payloads, attempts: 0, deliveries: 0, events: 0 }
  const before = time - attempts
  return {
    payloads,
    attempts: pruneAttempts(connection, before, limit),
    deliveries: pruneDeliveries(connection, before, limit),
    events: pruneEvents(connection, limit),
  }
}

function prunePayloads(connection: Connection, before: number, limit: number): number {
  const { to = Number.MAX_SAFE_INTEGER } = eventRange(connection, { until: before })
  const rows = connection.all(FIND_OLD_PAYLOADS, to, before, limit)
  for (const row of rows) {
    const event = int(row, 'event_seq')
    connection.run(DELETE_PAYLOAD, event)
    connection.run(DELETE_BODIES, event)
    connection.run(MARK_PRUNED, event)
  }
  return rows.length
}

function pruneAttempts(connection: Connection, before: number, limit: number): number {
  const { to = Number.MAX_SAFE_INTEGER } = deliveryRange(connection, { until: before })
  const rows = connection.all(FIND_OLD_ATTEMPTS, to, before, limit)
  for (const row of rows) {
    const key = [int(row, 'delivery_seq'), int(row, 'number'), int(row, 'started_at')]
    connection.run(DELETE_ATTEMPT, ...key)
  }
  for (const row of connection.all(FIND_OLD_HEADERS, to, limit))
    connection.run(DELETE_HEADERS, int(row, 'seq'))
  return rows.length
}

function pruneDeliveries(connection: Connection, before: number, limit: number): number {
  const { to = Number.MAX_SAFE_INTEGER } = deliveryRange(connection, { until: before })
  const rows = connection.all(FIND_OLD_DELIVERIES, to, before, limit)
  const tallies = new Tallies()
  for (const row of rows) {
    connection.run(DELETE_DELIVERY, int(row, 'seq'))
    connection.run(FORGET_DELIVERY, int(row, 'event_seq'))
    tallies.add(text(row, 'tenant_id'), oneOf(row, 'status', finalStatuses), -1)
  }
  tallies.write(connection)
  return rows.length
}

function pruneEvents(connection: Connection, limit: number): number {
  const rows = connection.all(FIND_ORPHANS, limit)
  for (const row of rows) connection.run(DELETE_EVENT, int(row, 'seq'))
  return rows.length
}
