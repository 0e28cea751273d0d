import type { Statistics } from '@posthorn/sender'
import { int, oneOf, optionalInt } from '../values'
import type { StoreContext } from './context'

const COUNT_FINISHED = 'SELECT status, sum(count) AS count FROM posthorn_tallies GROUP BY status'

const COUNT_FINISHED_OF_TENANT = `
  SELECT status, count FROM posthorn_tallies WHERE tenant_id = ?`

const QUEUE_COUNTS = `
  SELECT
    count(q.seq) FILTER (WHERE q.token IS NULL) AS pending,
    count(q.seq) FILTER (WHERE q.token IS NOT NULL) AS delivering,
    count(q.seq) FILTER (WHERE q.token IS NULL AND q.due_at <= input.now) AS due,
    min(q.due_at) FILTER (WHERE q.token IS NULL AND q.due_at <= input.now) AS longest_due
  FROM (SELECT ? AS now) AS input LEFT JOIN posthorn_queue q`

const COUNT_UNFINISHED = `${QUEUE_COUNTS} ON true`

const COUNT_UNFINISHED_OF_TENANT = `
  ${QUEUE_COUNTS} ON q.lane IN (SELECT seq FROM posthorn_endpoints WHERE tenant_id = ?)`

const COUNT_RECORDED = 'SELECT count(*) AS count FROM posthorn_unmatched'

const COUNT_RECORDED_OF_TENANT = `
  SELECT count(*) AS count
  FROM posthorn_unmatched u CROSS JOIN posthorn_events e ON e.seq = u.event_seq
  WHERE e.tenant_id = ?`

/** The unfinished are counted one by one, the finished were counted as they came and went. */
export function countAll({ connection, now }: StoreContext, tenantId?: string): Statistics {
  const ofTenant = tenantId === undefined ? [] : [tenantId]
  const pick = (all: string, one: string) => (tenantId === undefined ? all : one)
  const time = now()
  const finished = { succeeded: 0, failed: 0, skipped: 0, canceled: 0 }
  const tallies = connection.all(pick(COUNT_FINISHED, COUNT_FINISHED_OF_TENANT), ...ofTenant)
  for (const row of tallies) {
    finished[oneOf(row, 'status', ['succeeded', 'failed', 'skipped', 'canceled'])] = int(
      row,
      'count',
    )
  }
  const queue = pick(COUNT_UNFINISHED, COUNT_UNFINISHED_OF_TENANT)
  const unfinished = connection.get(queue, time, ...ofTenant) ?? {}
  const longestDue = optionalInt(unfinished, 'longest_due')
  const recorded = pick(COUNT_RECORDED, COUNT_RECORDED_OF_TENANT)
  return {
    ...finished,
    pending: int(unfinished, 'pending'),
    delivering: int(unfinished, 'delivering'),
    due: int(unfinished, 'due'),
    recorded: int(connection.get(recorded, ...ofTenant) ?? {}, 'count'),
    oldestDueAgeMs: longestDue === undefined ? undefined : time - longestDue,
  }
}
