import type { Connection } from '../connection'
import { int, optionalInt } from '../values'

const HAS_FOLDS = 'SELECT 1 FROM posthorn_counters WHERE folds > 0'

const EVENTS = {
  last: 'SELECT max(seq) AS seq FROM posthorn_events NOT INDEXED',
  from: `
    SELECT seq, recorded_at AS time FROM posthorn_events
    WHERE seq = (SELECT min(seq) FROM posthorn_events NOT INDEXED WHERE seq >= ?)`,
} as const

const DELIVERIES = {
  last: 'SELECT max(seq) AS seq FROM posthorn_deliveries NOT INDEXED',
  from: `
    SELECT seq, created_at AS time FROM posthorn_deliveries
    WHERE seq = (SELECT min(seq) FROM posthorn_deliveries NOT INDEXED WHERE seq >= ?)`,
} as const

/** Rows from `from` on and before `to`. All rows of the times asked for are among them. */
export interface SeqRange {
  readonly from?: number
  readonly to?: number
}

export interface TimeRange {
  readonly since?: number
  readonly until?: number
}

/**
 * Where the rows of a range of time lie. Times do not go back along `seq`, so their places are found by halving: that saves an index on
 * the time. Once the clock was put back far, the whole table is answered.
 */
function seqRange(
  connection: Connection,
  table: typeof EVENTS | typeof DELIVERIES,
  { since, until }: TimeRange,
): SeqRange {
  if ((since ?? until) === undefined || connection.get(HAS_FOLDS)) return {}
  return {
    ...(since === undefined ? {} : { from: seqAt(connection, table, since) }),
    ...(until === undefined ? {} : { to: seqAt(connection, table, until) }),
  }
}

/** Where the rows of a time or later begin. */
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

export const eventRange = (connection: Connection, times: TimeRange): SeqRange =>
  seqRange(connection, EVENTS, times)

export const deliveryRange = (connection: Connection, times: TimeRange): SeqRange =>
  seqRange(connection, DELIVERIES, times)
