import type { Pruned, PruneRequest } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, oneOf, text } from '../values'
import type { StoreContext } from './context'
import { deliveryRange, eventRange } from './seq-at'
import { Tallies } from './tallies'

/** Only what nobody needs any more: no unfinished delivery, and matched. */
const FIND_OLD_PAYLOADS = `
  SELECT p.event_seq
  FROM posthorn_payloads p CROSS JOIN posthorn_events e ON e.seq = p.event_seq
  WHERE p.event_seq < ? AND e.recorded_at < ?
    AND NOT EXISTS (SELECT 1 FROM posthorn_unmatched u WHERE u.event_seq = p.event_seq)
    AND NOT EXISTS (
      SELECT 1 FROM posthorn_deliveries d INDEXED BY posthorn_deliveries_event
      WHERE d.event_seq = p.event_seq AND d.status IS NULL)
  ORDER BY p.event_seq LIMIT 0 + ?`

const DELETE_PAYLOADS = `
  DELETE FROM posthorn_payloads WHERE event_seq IN (SELECT value FROM json_each(?))`

const DELETE_BODIES = `
  DELETE FROM posthorn_event_bodies WHERE event_seq IN (SELECT value FROM json_each(?))`

const MARK_PRUNED = `
  UPDATE posthorn_events SET pruned = 1, idempotency_key = NULL
  WHERE seq IN (SELECT value FROM json_each(?))`

const DELETE_ATTEMPTS = `
  DELETE FROM posthorn_attempts WHERE (delivery_seq, number, started_at) IN (
    SELECT delivery_seq, number, started_at FROM posthorn_attempts
    INDEXED BY posthorn_attempts_started WHERE started_at < ? ORDER BY started_at LIMIT 0 + ?)`

/** After their attempts, so that no call touches more than the limit of either. */
const DELETE_DELIVERIES = `
  DELETE FROM posthorn_deliveries WHERE seq IN (
    SELECT d.seq FROM posthorn_deliveries d NOT INDEXED
    WHERE d.seq < ? AND d.status IS NOT NULL AND d.finished_at < ?
      AND NOT EXISTS (SELECT 1 FROM posthorn_attempts a WHERE a.delivery_seq = d.seq)
    ORDER BY d.seq LIMIT 0 + ?)
  RETURNING event_seq, tenant_id, status`

const FORGET_DELIVERIES = `
  UPDATE posthorn_events SET deliveries = deliveries - (j.value ->> 1)
  FROM json_each(?) AS j WHERE posthorn_events.seq = j.value ->> 0`

const DELETE_EVENTS = `
  DELETE FROM posthorn_events WHERE seq IN (
    SELECT seq FROM posthorn_events INDEXED BY posthorn_events_orphans
    WHERE pruned = 1 AND deliveries = 0 LIMIT 0 + ?)`

export function prune({ connection, now }: StoreContext, request: PruneRequest): Pruned {
  const { events, attempts, limit } = request
  const time = now()
  const payloads = events === undefined ? 0 : prunePayloads(connection, time - events, limit)
  if (attempts === undefined) return { payloads, attempts: 0, deliveries: 0, events: 0 }
  const before = time - attempts
  return {
    payloads,
    attempts: connection.run(DELETE_ATTEMPTS, before, limit),
    deliveries: pruneDeliveries(connection, before, limit),
    events: connection.run(DELETE_EVENTS, limit),
  }
}

function prunePayloads(connection: Connection, before: number, limit: number): number {
  const { to = Number.MAX_SAFE_INTEGER } = eventRange(connection, { until: before })
  const rows = connection.all(FIND_OLD_PAYLOADS, to, before, limit)
  const seqs = JSON.stringify(rows.map((row) => int(row, 'event_seq')))
  if (rows.length === 0) return 0
  connection.run(DELETE_PAYLOADS, seqs)
  connection.run(DELETE_BODIES, seqs)
  connection.run(MARK_PRUNED, seqs)
  return rows.length
}

function pruneDeliveries(connection: Connection, before: number, limit: number): number {
  const { to = Number.MAX_SAFE_INTEGER } = deliveryRange(connection, { until: before })
  const rows = connection.all(DELETE_DELIVERIES, to, before, limit)
  const tallies = new Tallies()
  const events = new Map<number, number>()
  for (const row of rows) {
    const status = oneOf(row, 'status', ['succeeded', 'failed', 'skipped', 'canceled'])
    tallies.add(text(row, 'tenant_id'), status, -1)
    const event = int(row, 'event_seq')
    events.set(event, (events.get(event) ?? 0) + 1)
  }
  if (rows.length > 0) connection.run(FORGET_DELIVERIES, JSON.stringify([...events]))
  tallies.write(connection)
  return rows.length
}
