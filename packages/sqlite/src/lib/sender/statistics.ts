import type { Statistics } from '@posthorn/sender'
import { endpointStatuses, finalStatuses } from '@posthorn/sender/store'
import { int, oneOf, optionalInt } from '../values'
import type { StoreContext } from './context'

const COUNT_FINISHED = 'SELECT status, sum(count) AS count FROM posthorn_tallies GROUP BY status'

const COUNT_FINISHED_OF_TENANT = `
  SELECT status, count FROM posthorn_tallies WHERE tenant_id = ?`

const COUNT_UNFINISHED = `
  SELECT
    count(*) FILTER (WHERE token IS NULL) AS pending,
    count(*) FILTER (WHERE token IS NOT NULL) AS delivering,
    count(*) FILTER (WHERE token IS NULL AND due_at <= ?) AS due,
    min(due_at) FILTER (WHERE token IS NULL AND due_at <= ?) AS longest_due
  FROM posthorn_queue`

const COUNT_UNFINISHED_OF_TENANT = `${COUNT_UNFINISHED} WHERE tenant_id = ?`

const COUNT_RECORDED = 'SELECT count(*) AS count FROM posthorn_unmatched'

const COUNT_RECORDED_OF_TENANT = `
  SELECT count(*) AS count FROM posthorn_unmatched u
  WHERE (SELECT tenant_id FROM posthorn_events e WHERE e.seq = u.event_seq) = ?`

const COUNT_ENDPOINTS = 'SELECT status, count(*) AS count FROM posthorn_endpoints GROUP BY status'

const COUNT_ENDPOINTS_OF_TENANT = `
  SELECT status, count(*) AS count FROM posthorn_endpoints WHERE tenant_id = ? GROUP BY status`

/** The unfinished are counted one by one, the finished were counted as they came and went. */
export function countAll({ connection, now }: StoreContext, tenantId?: string): Statistics {
  const ofTenant = tenantId === undefined ? [] : [tenantId]
  const pick = (all: string, one: string) => (tenantId === undefined ? all : one)
  const time = now()
  const finished = { succeeded: 0, failed: 0, skipped: 0, canceled: 0 }
  const tallies = connection.all(pick(COUNT_FINISHED, COUNT_FINISHED_OF_TENANT), ...ofTenant)
  for (const row of tallies) {
    finished[oneOf(row, 'status', finalStatuses)] = int(row, 'count')
  }
  const endpoints = { enabled: 0, paused: 0, disabled: 0 }
  const counts = connection.all(pick(COUNT_ENDPOINTS, COUNT_ENDPOINTS_OF_TENANT), ...ofTenant)
  for (const row of counts) endpoints[oneOf(row, 'status', endpointStatuses)] = int(row, 'count')
  const queue = pick(COUNT_UNFINISHED, COUNT_UNFINISHED_OF_TENANT)
  const unfinished = connection.get(queue, time, time, ...ofTenant) ?? {}
  const longestDue = optionalInt(unfinished, 'longest_due')
  const recorded = pick(COUNT_RECORDED, COUNT_RECORDED_OF_TENANT)
  return {
    ...finished,
    pending: int(unfinished, 'pending'),
    delivering: int(unfinished, 'delivering'),
    due: int(unfinished, 'due'),
    recorded: int(connection.get(recorded, ...ofTenant) ?? {}, 'count'),
    oldestDueAgeMs: longestDue === undefined ? undefined : time - longestDue,
    endpoints,
  }
}
