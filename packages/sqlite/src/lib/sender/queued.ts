import type { Progress } from '@posthorn/sender'
import type { Connection } from '../connection'

/*
 * Every statement on what grows is a look-up by key, or names its index: SQLite plans joins and lists by statistics, and those that the host
 * takes (ANALYZE, PRAGMA optimize) while the queue is nearly empty make it read whole tables once it is long.
 */

const COLUMNS = `
  seq, lane, line IS NULL, due_at, leased_until, token, solo, attempt, lost, solo_lost, deferred,
  last_status, event_seq, tenant_id, id, message_id, envelope, created_at, order_key, position`

type Columns = readonly [
  seq: number,
  lane: number,
  leased: number,
  dueAt: number,
  leasedUntil: number | null,
  token: number | null,
  solo: number,
  attempt: number,
  lost: number,
  soloLost: number,
  deferred: number,
  lastStatus: number | null,
  eventSeq: number,
  tenantId: string,
  id: string,
  messageId: string | null,
  envelope: string | null,
  createdAt: number,
  orderKey: string | null,
  position: number,
]

/** By a sub-query, which is looked up by key whatever the statistics say. As text: see `READ_FACTS`. */
const FIND_QUEUED = `
  SELECT '[' || coalesce(group_concat(
    (SELECT json_array(${COLUMNS}) FROM posthorn_queue WHERE seq = j.value)), '') || ']' AS json
  FROM json_each(?) AS j`

/** The sub-query hands on one column, not each of them. As text: see `READ_FACTS`. */
const LONGEST_DUE = `
  SELECT '[' || coalesce(group_concat(columns), '') || ']' AS json FROM (
    SELECT json_array(${COLUMNS}) AS columns
    FROM posthorn_queue INDEXED BY posthorn_queue_waiting
    WHERE line = 0 AND lane = ? AND due_at <= ?
    ORDER BY due_at, seq LIMIT 0 + ? OFFSET 0 + ?)`

const OF_LANE = `
  SELECT json_group_array(json_array(${COLUMNS})) AS json FROM (
    SELECT * FROM posthorn_queue WHERE lane = ? AND seq > ? ORDER BY seq LIMIT 1000)`

/** An unfinished delivery, as the queue has it. */
export interface Queued {
  readonly seq: number
  readonly lane: number
  readonly dueAt: number
  /** Whether it is under a lease that has not been found to have run out. */
  readonly leased: boolean
  readonly leasedUntil: number | null
  /** The number of the latest claim; null while pending. */
  readonly token: number | null
  /** Whether it was claimed alone. */
  readonly solo: boolean
  readonly progress: Progress
  readonly lastStatus: number | null
  readonly eventSeq: number
  readonly tenantId: string
  readonly id: string
  readonly messageId: string | null
  readonly envelope: string | null
  readonly createdAt: number
  /** The event's ordering key, where the endpoint is ordered. */
  readonly orderKey: string | null
  readonly position: number
}

/** Those of the rows named that are in the queue, by `seq`. */
export function findQueued(
  connection: Connection,
  seqs: readonly number[],
): ReadonlyMap<number, Queued> {
  const rows = connection.json<readonly Columns[]>(FIND_QUEUED, JSON.stringify(seqs))
  const found = new Map<number, Queued>()
  for (const row of rows) found.set(row[0], toQueued(row))
  return found
}

export const getQueued = (connection: Connection, seq: number): Queued | undefined =>
  findQueued(connection, [seq]).get(seq)

/** What is due in a lane, the longest due first; suspects are not among them. */
export function longestDue(
  connection: Connection,
  lane: number,
  { now, limit, skip }: { readonly now: number; readonly limit: number; readonly skip: number },
): readonly Queued[] {
  return connection.json<readonly Columns[]>(LONGEST_DUE, lane, now, limit, skip).map(toQueued)
}

/** All that is unfinished in a lane, a part at a time. Reads the whole queue: for what happens seldom. */
export function* queuedInLane(
  connection: Connection,
  lane: number,
): Generator<readonly Queued[], void> {
  for (let after = 0; ; ) {
    const part = connection.json<readonly Columns[]>(OF_LANE, lane, after).map(toQueued)
    const last = part.at(-1)
    if (!last) return
    yield part
    after = last.seq
  }
}

function toQueued(columns: Columns): Queued {
  const [seq, lane, leased, dueAt, leasedUntil, token, solo, ...rest] = columns
  const [attempt, lost, soloLost, deferred, lastStatus, eventSeq, tenantId, id, ...more] = rest
  const [messageId, envelope, createdAt, orderKey, position] = more
  return {
    seq,
    lane,
    dueAt,
    leased: leased === 1,
    leasedUntil,
    token,
    solo: solo === 1,
    progress: { attempt, lost, soloLost, deferred },
    lastStatus,
    eventSeq,
    tenantId,
    id,
    messageId,
    envelope,
    createdAt,
    orderKey,
    position,
  }
}
