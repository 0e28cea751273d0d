import type { EndpointRecord, EndpointStore, EndpointTransition } from '@posthorn/sender'
import { compact } from '@posthorn/sender/store'
import type { Database } from '../database'
import { isRow, type Row, unexpected } from '../values'
import { flagsOf, rowsOf } from './answers'
import { fromEndpoint, toEndpoint } from './endpoint-row'
import { pageOf, startOf } from './paging'
import type { TenantEndpoints } from './tenant-endpoints'

/** @param changing is given each change, to be awaited */
export function endpointStore(
  database: Database,
  tenants: TenantEndpoints,
  changing: <Result>(change: Promise<Result>) => Promise<Result>,
): EndpointStore {
  const { schema } = database
  const GET = `
    SELECT (SELECT row_to_json(e) FROM ${schema}.endpoints e WHERE e.tenant_id = $1::text AND e.id = $2::text)::text AS result`
  const REMOVE = `SELECT ${schema}.remove_endpoint($1::text, $2::text)::text AS result`
  return {
    insert: async (endpoint) =>
      existing(await database.call('insert_endpoint', fromEndpoint(endpoint))),
    get: async (tenantId, id) => optional(await database.ask(GET, [tenantId, id])),
    forTenant: (tenantId) => tenants.read(database, tenantId),
    remembered: (tenantId) => tenants.remembered(tenantId),
    replace: async (record) =>
      optional(await changing(database.call('replace_endpoint', fromEndpoint(record)))),
    remove: async (tenantId, id) => (await database.ask(REMOVE, [tenantId, id])) === true,
    transition: async (changes) =>
      changes.length === 0
        ? []
        : flagsOf(await changing(database.call('transition_endpoints', changes.map(toTransition)))),
    async list({ tenantId, limit, cursor }) {
      const [from = Number.MAX_SAFE_INTEGER] = startOf('endpoints', cursor) ?? []
      const statement = `
        SELECT coalesce(json_agg(row_to_json(e) ORDER BY e.lane DESC), '[]')::text AS result FROM (
          SELECT e.* FROM ${schema}.endpoints e
          WHERE e.lane < $1::bigint ${tenantId === undefined ? '' : 'AND e.tenant_id = $3::text'}
          ORDER BY e.lane DESC LIMIT $2::integer) e`
      const values = [
        String(from),
        String(limit + 1),
        ...(tenantId === undefined ? [] : [tenantId]),
      ]
      const found = rowsOf(await database.ask(statement, values)).map(toEndpoint)
      return pageOf('endpoints', found, limit, ({ seq }) => [seq])
    },
  }
}

const optional = (answer: unknown): EndpointRecord | undefined =>
  answer === undefined ? undefined : existing(answer)

function existing(answer: unknown): EndpointRecord {
  if (!isRow(answer)) throw unexpected('endpoint')
  return toEndpoint(answer)
}

function toTransition(change: EndpointTransition): Row {
  const { tenantId, id, onlyIf, health, disable, throttleForMs, probeInMs } = change
  return compact({
    ...{ tenantId, id, disable, throttleForMs, probeInMs },
    ...{ failingSince: onlyIf?.failingSince, url: onlyIf?.url, from: health?.from, to: health?.to },
  })
}
