import type { Connection } from '../connection'
import { int, optionalInt, text } from '../values'
import { TouchedLanes } from './lanes'
import type { Queued } from './queued'

/*
 * Of each ordering key in a lane only the first row stands in the lane; the others have `line` 2, which no claim looks at. So a claim costs
 * nothing for them, and a row one look-up as it comes and one as it goes.
 */

const FIND_FIRST = `
  SELECT seq, line, due_at, event_seq, position FROM posthorn_queue INDEXED BY posthorn_queue_order
  WHERE lane = ? AND order_key = ? ORDER BY position LIMIT 1`

const HAS_EARLIER_UNMATCHED = `
  SELECT 1 FROM posthorn_unmatched INDEXED BY posthorn_unmatched_order
  WHERE tenant_id = ? AND order_key = ? AND event_seq < ? LIMIT 1`

const FIND_BLOCK = `
  SELECT event_seq, position FROM posthorn_blocked WHERE lane = ? AND order_key = ?`

/** With a token its lease ran out, and counts as lost. */
const LET_IN = `
  UPDATE posthorn_queue SET line = (lost + (token IS NOT NULL) >= 2) WHERE seq = ? RETURNING line`

const HOLD = 'UPDATE posthorn_queue SET line = 2 WHERE seq = ?'

const POLICY_OF = 'SELECT ordered FROM posthorn_endpoints WHERE seq = ?'

const BLOCK = `
  INSERT OR REPLACE INTO posthorn_blocked (lane, order_key, event_seq, delivery_seq, position)
  VALUES (?, ?, ?, ?, ?)`

const UNBLOCK = `
  DELETE FROM posthorn_blocked WHERE lane = ? AND order_key = ? AND event_seq = ?`

const FIND_BLOCKED_BY = `
  SELECT lane, order_key, event_seq FROM posthorn_blocked INDEXED BY posthorn_blocked_delivery
  WHERE delivery_seq = ?`

/** The line of one ordering key to one endpoint. */
export interface KeyLine {
  readonly lane: number
  readonly key: string
  readonly tenantId: string
}

/** Lines in which something changed, to be looked at once at the end of an operation. */
export class ChangedLines {
  readonly #lines = new Map<string, KeyLine>()

  add(line: KeyLine): void {
    this.#lines.set(`${line.lane}:${line.key}`, line)
  }

  write(connection: Connection): void {
    const touched = new TouchedLanes()
    for (const line of this.#lines.values()) advance(connection, line, touched)
    touched.write(connection)
  }
}

/** Lets the first of a line into its lane, if it may go. */
function advance(connection: Connection, line: KeyLine, touched: TouchedLanes): void {
  const first = connection.get(FIND_FIRST, line.lane, line.key)
  if (!first || optionalInt(first, 'line') !== 2) return
  const block = connection.get(FIND_BLOCK, line.lane, line.key)
  if (block && int(block, 'event_seq') !== int(first, 'event_seq')) return
  const position = int(first, 'position')
  if (connection.get(HAS_EARLIER_UNMATCHED, line.tenantId, line.key, position)) return
  const entered = connection.get(LET_IN, int(first, 'seq')) ?? {}
  if (optionalInt(entered, 'line') === 0) touched.add(line.lane, int(first, 'due_at'))
}

/** The line a row stands in; undefined when its endpoint or its event knows no order. */
export const lineOf = ({ lane, orderKey, tenantId }: Queued): KeyLine | undefined =>
  orderKey === null ? undefined : { lane, key: orderKey, tenantId }

export function isFirst(connection: Connection, line: KeyLine, seq: number): boolean {
  const first = connection.get(FIND_FIRST, line.lane, line.key)
  return first !== undefined && int(first, 'seq') === seq
}

/** Keeps a row that came back to its lane out of it, unless it is the first of its line. Answers whether it may stay. */
export function mayStay(connection: Connection, line: KeyLine, seq: number): boolean {
  if (isFirst(connection, line, seq)) return true
  connection.run(HOLD, seq)
  return false
}

/** Where a replay stands: last, unless it is of what blocks its line. */
export function replayPosition(
  connection: Connection,
  line: Pick<KeyLine, 'lane' | 'key'>,
  { seq, eventSeq }: { readonly seq: number; readonly eventSeq: number },
): number {
  const block = connection.get(FIND_BLOCK, line.lane, line.key)
  return block && int(block, 'event_seq') === eventSeq ? int(block, 'position') : seq
}

/** What the end of a delivery means for its line: a failure of the first may block it, any other end lets go what it blocked. */
export function endInLine(
  connection: Connection,
  line: KeyLine,
  { queued, failed, wasFirst }: { queued: Queued; failed: boolean; wasFirst: boolean },
): void {
  const { seq, eventSeq, position } = queued
  if (!failed) {
    connection.run(UNBLOCK, line.lane, line.key, eventSeq)
  } else if (wasFirst && connection.get(POLICY_OF, line.lane)?.ordered === 'block') {
    connection.run(BLOCK, line.lane, line.key, eventSeq, seq, position)
  }
}

/** Gives up the delivery that blocks a line, if it is one. */
export function unblockedBy(
  connection: Connection,
  deliverySeq: number,
  tenantId: string,
): KeyLine | undefined {
  const row = connection.get(FIND_BLOCKED_BY, deliverySeq)
  if (!row) return undefined
  const line = { lane: int(row, 'lane'), key: text(row, 'order_key'), tenantId }
  connection.run(UNBLOCK, line.lane, line.key, int(row, 'event_seq'))
  return line
}
