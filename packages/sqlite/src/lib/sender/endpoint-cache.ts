import type { EndpointRecord, RememberedEndpoints } from '@posthorn/sender'
import type { Connection } from '../connection'
import { int, text } from '../values'
import { type EndpointChanges, markOf, readChanges } from './counters'
import { toEndpoint } from './endpoint-row'

const LIST_CHANGED = `
  SELECT seq, tenant_id FROM posthorn_endpoints INDEXED BY posthorn_endpoints_changed
  WHERE changed > ?`

const READ_LANE = 'SELECT * FROM posthorn_endpoints WHERE seq = ?'

const FIND_LANE = `
  SELECT seq FROM posthorn_endpoints INDEXED BY posthorn_endpoints_id
  WHERE tenant_id = ? AND id = ?`

const LIST_TENANT = `
  SELECT * FROM posthorn_endpoints INDEXED BY posthorn_endpoints_tenant
  WHERE tenant_id = ? AND seq > 0 ORDER BY seq`

/** Endpoints as last read; `refresh` drops what was written since, by whichever process. */
export class EndpointCache {
  readonly #byLane = new Map<number, EndpointRecord>()
  readonly #byTenant = new Map<string, readonly EndpointRecord[]>()
  readonly #lanes = new Map<string, number>()
  #changes = 0
  #removals = -1

  refresh(connection: Connection): void {
    this.refreshTo(connection, readChanges(connection))
  }

  /** The same, where the counts are at hand. */
  refreshTo(connection: Connection, { changes, removals }: EndpointChanges): void {
    // A count that went down is another database's, put in this one's place.
    if (removals !== this.#removals || changes < this.#changes) this.#clear()
    else if (changes !== this.#changes) this.#dropChanged(connection)
    this.#changes = changes
    this.#removals = removals
  }

  /** The endpoint of a lane, as of the last `refresh`. */
  byLane(connection: Connection, lane: number): EndpointRecord | undefined {
    const known = this.#byLane.get(lane)
    if (known) return known
    const row = connection.get(READ_LANE, lane)
    if (!row) return undefined
    const endpoint = toEndpoint(row)
    this.#byLane.set(lane, endpoint)
    return endpoint
  }

  byId(connection: Connection, tenantId: string, id: string): EndpointRecord | undefined {
    const key = `${tenantId.length}:${tenantId}${id}`
    const lane = this.#lanes.get(key) ?? findLane(connection, tenantId, id)
    if (lane === undefined) return undefined
    this.#lanes.set(key, lane)
    return this.byLane(connection, lane)
  }

  /** All endpoints of a tenant, in order of creation. */
  byTenant(connection: Connection, tenantId: string): readonly EndpointRecord[] {
    const known = this.#byTenant.get(tenantId)
    if (known) return known
    const endpoints = connection.all(LIST_TENANT, tenantId).map(toEndpoint)
    // Tenants without endpoints are not kept: anybody may send for any number of them.
    if (endpoints.length > 0) this.#byTenant.set(tenantId, endpoints)
    return endpoints
  }

  /** Those that `byTenant` answered, unless a `refresh` dropped them. */
  remembered(tenantId: string): RememberedEndpoints | undefined {
    const endpoints = this.#byTenant.get(tenantId)
    if (!endpoints) return undefined
    return { endpoints, mark: markOf({ changes: this.#changes, removals: this.#removals }) }
  }

  #clear(): void {
    this.#byLane.clear()
    this.#byTenant.clear()
    this.#lanes.clear()
  }

  #dropChanged(connection: Connection): void {
    for (const row of connection.all(LIST_CHANGED, this.#changes)) {
      this.#byLane.delete(int(row, 'seq'))
      this.#byTenant.delete(text(row, 'tenant_id'))
    }
  }
}

function findLane(connection: Connection, tenantId: string, id: string): number | undefined {
  const row = connection.get(FIND_LANE, tenantId, id)
  return row && int(row, 'seq')
}
