import { WebhookError } from '@posthorn/schema'
import type { Connection } from '../connection'
import { int, type Row } from '../values'

/** A clock put back by more than an hour was wrong before: its times are not kept up. */
const RESERVE = `
  UPDATE posthorn_counters SET
    seq = seq + ?,
    tokens = tokens + 1,
    folds = folds + (latest > input.now + 3600000),
    latest = CASE WHEN latest > input.now + 3600000 THEN input.now ELSE max(latest, input.now) END
  FROM (SELECT ? AS now) AS input WHERE id = 1
  RETURNING seq, tokens, latest, endpoints, endpoint_changes, endpoint_removals`

const NEXT_TOKEN = `
  UPDATE posthorn_counters SET tokens = tokens + 1, turns = turns + ? WHERE id = 1
  RETURNING tokens, turns, endpoint_changes, endpoint_removals`

const READ_CHANGES = `
  SELECT endpoint_changes, endpoint_removals FROM posthorn_counters WHERE id = 1`

const NEXT_ENDPOINT = `
  UPDATE posthorn_counters
  SET endpoints = endpoints + 1, endpoint_changes = endpoint_changes + 1 WHERE id = 1
  RETURNING endpoints, endpoint_changes`

const NEXT_CHANGE = `
  UPDATE posthorn_counters SET endpoint_changes = endpoint_changes + 1 WHERE id = 1
  RETURNING endpoint_changes`

const COUNT_REMOVAL = `
  UPDATE posthorn_counters SET endpoint_removals = endpoint_removals + 1 WHERE id = 1`

/** Positions for new rows, and the time to write on them. */
export interface Reservation {
  nextSeq(): number
  /** Not earlier than on an earlier row, so that the log's order is that of its times. */
  readonly time: number
  /** The highest `seq` an endpoint has had so far. */
  readonly horizon: number
  /** Never used before. */
  readonly token: number
  readonly changes: EndpointChanges
  /** Of the endpoints as they are. */
  readonly mark: string
}

export function reserve(connection: Connection, rows: number, now: number): Reservation {
  const counters = need(connection.get(RESERVE, rows, now))
  const changes = toChanges(counters)
  let seq = int(counters, 'seq') - rows
  return {
    nextSeq() {
      seq += 1
      return seq
    },
    time: int(counters, 'latest'),
    horizon: int(counters, 'endpoints'),
    token: int(counters, 'tokens'),
    changes,
    mark: markOf(changes),
  }
}

/** How often endpoints were written, and removed. */
export interface EndpointChanges {
  readonly changes: number
  readonly removals: number
}

export const readChanges = (connection: Connection): EndpointChanges =>
  toChanges(need(connection.get(READ_CHANGES)))

/** Names a state of all endpoints. */
export const markOf = ({ changes, removals }: EndpointChanges): string => `${changes} ${removals}`

const toChanges = (counters: Row): EndpointChanges => ({
  changes: int(counters, 'endpoint_changes'),
  removals: int(counters, 'endpoint_removals'),
})

interface NextToken {
  readonly token: number
  readonly turn: number
  readonly changes: EndpointChanges
}

/** A token never used before, and the first of `turns` new places at the end of the line. */
export function nextToken(connection: Connection, turns: number): NextToken {
  const counters = need(connection.get(NEXT_TOKEN, turns))
  return {
    token: int(counters, 'tokens'),
    turn: int(counters, 'turns') - turns + 1,
    changes: toChanges(counters),
  }
}

export function nextEndpoint(connection: Connection): { seq: number; change: number } {
  const counters = need(connection.get(NEXT_ENDPOINT))
  return { seq: int(counters, 'endpoints'), change: int(counters, 'endpoint_changes') }
}

export function nextChange(connection: Connection): number {
  return int(need(connection.get(NEXT_CHANGE)), 'endpoint_changes')
}

export function countRemoval(connection: Connection): void {
  connection.run(COUNT_REMOVAL)
}

function need(row: Row | undefined): Row {
  if (row) return row
  throw new WebhookError('store_failed', 'posthorn_counters lost its row. Restore the database.')
}
