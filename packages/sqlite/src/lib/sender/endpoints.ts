import type {
  EndpointQuery,
  EndpointRecord,
  EndpointTransition,
  NewEndpoint,
  Page,
} from '@posthorn/sender'
import { transitioned } from '@posthorn/sender/store'
import { int } from '../values'
import type { StoreContext } from './context'
import { countRemoval, nextChange, nextEndpoint } from './counters'
import { FIELDS, fieldsOf, laneStateOf, toEndpoint } from './endpoint-row'
import { finish } from './finish'
import { dissolveLines, effectiveOrder, reorder } from './lane-order'
import { changeLane, createLane, removeLane } from './lanes'
import { pageOf, startOf } from './paging'
import { queuedInLane } from './queued'

const INSERT_ENDPOINT = `
  INSERT INTO posthorn_endpoints
    (seq, tenant_id, id, revision, changed, created_at, updated_at, ${FIELDS.join(', ')})
  VALUES (?, ?, ?, 1, ?, ?, ?, ${FIELDS.map(() => '?').join(', ')})`

const GET_ENDPOINT = `
  SELECT * FROM posthorn_endpoints INDEXED BY posthorn_endpoints_id
  WHERE tenant_id = ? AND id = ?`

const REPLACE_ENDPOINT = `
  UPDATE posthorn_endpoints
  SET revision = revision + 1, changed = ?, updated_at = ?, ${FIELDS.map((name) => `${name} = ?`).join(', ')}
  WHERE seq = ?`

const DELETE_ENDPOINT = 'DELETE FROM posthorn_endpoints WHERE seq = ?'

const LIST_ALL = `
  SELECT * FROM posthorn_endpoints WHERE seq < ? ORDER BY seq DESC LIMIT 0 + ?`

const LIST_OF_TENANT = `
  SELECT * FROM posthorn_endpoints INDEXED BY posthorn_endpoints_tenant
  WHERE tenant_id = ? AND seq < ? ORDER BY seq DESC LIMIT 0 + ?`

export function insertEndpoint(context: StoreContext, endpoint: NewEndpoint): EndpointRecord {
  const { connection } = context
  const now = context.now()
  const { seq, change } = nextEndpoint(connection)
  const { tenantId, id } = endpoint
  const own = [seq, tenantId, id, change, now, now]
  connection.run(INSERT_ENDPOINT, ...own, ...fieldsOf(endpoint))
  const record = { ...endpoint, seq, revision: 1, createdAt: now, updatedAt: now }
  createLane(connection, laneStateOf(record), tenantId)
  return record
}

export function getEndpoint(
  { connection }: StoreContext,
  tenantId: string,
  id: string,
): EndpointRecord | undefined {
  const row = connection.get(GET_ENDPOINT, tenantId, id)
  return row && toEndpoint(row)
}

/** Asked for with every event sent, so it is answered from memory while no endpoint changes. */
export function endpointsOfTenant(
  { connection, endpoints }: StoreContext,
  tenantId: string,
): readonly EndpointRecord[] {
  endpoints.refresh(connection)
  return endpoints.byTenant(connection, tenantId)
}

export function listEndpoints(
  { connection }: StoreContext,
  query: EndpointQuery,
): Page<EndpointRecord> {
  const before = startOf('endpoints', query.cursor) ?? Number.MAX_SAFE_INTEGER
  const rows =
    query.tenantId === undefined
      ? connection.all(LIST_ALL, before, query.limit + 1)
      : connection.all(LIST_OF_TENANT, query.tenantId, before, query.limit + 1)
  const endpoints = new Map(rows.map((row) => [int(row, 'seq'), toEndpoint(row)]))
  return pageOf('endpoints', [...endpoints.keys()], query.limit, (seq) => endpoints.get(seq))
}

export function replaceEndpoint(
  context: StoreContext,
  record: EndpointRecord,
): EndpointRecord | undefined {
  const current = getEndpoint(context, record.tenantId, record.id)
  if (current?.revision !== record.revision) return undefined
  const { seq, createdAt } = current
  return writeEndpoint(context, current, { ...record, seq, createdAt })
}

function writeEndpoint(
  context: StoreContext,
  before: EndpointRecord,
  record: EndpointRecord,
): EndpointRecord {
  const { connection } = context
  const now = context.now()
  const change = nextChange(connection)
  connection.run(REPLACE_ENDPOINT, change, now, ...fieldsOf(record), record.seq)
  const written = { ...record, revision: record.revision + 1, updatedAt: now }
  if (effectiveOrder(before) !== effectiveOrder(written)) reorder(connection, written)
  changeLane(connection, laneStateOf(written), now)
  return written
}

export function removeEndpoint(context: StoreContext, tenantId: string, id: string): boolean {
  const { connection } = context
  const endpoint = getEndpoint(context, tenantId, id)
  if (!endpoint) return false
  const now = context.now()
  dissolveLines(connection, endpoint.seq)
  for (const part of queuedInLane(connection, endpoint.seq)) {
    const endings = part.map((queued) => ({ queued, status: 'canceled' as const }))
    finish(connection, endings, now)
  }
  removeLane(connection, endpoint.seq)
  connection.run(DELETE_ENDPOINT, endpoint.seq)
  countRemoval(connection)
  return true
}

export function transitionEndpoints(
  context: StoreContext,
  changes: readonly EndpointTransition[],
): readonly boolean[] {
  const now = context.now()
  return changes.map((change) => {
    const before = getEndpoint(context, change.tenantId, change.id)
    if (!before) return false
    const { record, turned } = transitioned(before, inWholeMs(change), now)
    if (record !== before) writeEndpoint(context, before, record)
    return turned
  })
}

/** As times are kept. */
function inWholeMs(change: EndpointTransition): EndpointTransition {
  const { throttleForMs, probeInMs } = change
  return {
    ...change,
    ...(throttleForMs !== undefined && { throttleForMs: Math.round(throttleForMs) }),
    ...(probeInMs !== undefined && { probeInMs: Math.round(probeInMs) }),
  }
}
