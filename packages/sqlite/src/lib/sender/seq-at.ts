import type { Connection } from '../connection'
import { int, optionalInt } from '../values'

const EVENTS = {
  last: 'SELECT max(seq) AS seq FROM posthorn_events',
  from: `
    SELECT seq, recorded_at AS time FROM posthorn_events WHERE seq >= ? ORDER BY seq LIMIT 1`,
} as const

const DELIVERIES = {
  last: 'SELECT max(seq) AS seq FROM posthorn_deliveries',
  from: `
    SELECT seq, created_at AS time FROM posthorn_deliveries WHERE seq >= ? ORDER BY seq LIMIT 1`,
} as const

/**
 * Where the rows of a time or later begin. Times never go back along `seq`, so a range of time is a range of rows, found by halving: that
 * saves an index on the time.
 */
function seqAt(
  connection: Connection,
  table: typeof EVENTS | typeof DELIVERIES,
  time: number,
): number {
  let low = 0
  let high = (optionalInt(connection.get(table.last) ?? {}, 'seq') ?? 0) + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const row = connection.get(table.from, middle)
    if (row && int(row, 'time') < time) low = int(row, 'seq') + 1
    else high = middle
  }
  return low
}

export const eventSeqAt = (connection: Connection, time: number): number =>
  seqAt(connection, EVENTS, time)

export const deliverySeqAt = (connection: Connection, time: number): number =>
  seqAt(connection, DELIVERIES, time)
