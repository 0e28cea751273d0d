import type { EndpointRecord, RememberedEndpoints } from '@posthorn/sender'
import type { Database } from '../database'
import { rows, text } from '../values'
import { rowOf } from './answers'
import { toEndpoint } from './endpoint-row'

/** Of all tenants together. */
const mostEndpoints = 10_000

interface Known extends RememberedEndpoints {
  readonly byId: ReadonlyMap<string, EndpointRecord>
}

/** Endpoints of tenants, kept as long as the database says, each time, that they are still the same. */
export class TenantEndpoints {
  readonly #known = new Map<string, Known>()
  readonly #seen: (endpoint: EndpointRecord) => void
  #size = 0

  /** @param seen is told of each endpoint that was read anew */
  constructor(seen: (endpoint: EndpointRecord) => void) {
    this.#seen = seen
  }

  /** As they were read last, by whichever transaction. */
  remembered(tenantId: string): RememberedEndpoints | undefined {
    return this.#known.get(tenantId)
  }

  /** The endpoint as it is while the mark holds; undefined where that is not what is remembered. */
  find(tenantId: string, mark: string | undefined, id: string): EndpointRecord | undefined {
    const known = this.#known.get(tenantId)
    return known?.mark === mark ? known?.byId.get(id) : undefined
  }

  /** In the order of creation, as the client of `database` sees them: inside a transaction, as that does. */
  async read(database: Database, tenantId: string): Promise<readonly EndpointRecord[]> {
    const before = this.#known.get(tenantId)
    const terms = [{ text: tenantId }, { text: before?.mark ?? '' }]
    const answer = await database.callWith('endpoints_of', terms)
    if (answer === undefined && before !== undefined) return before.endpoints
    const row = rowOf(answer)
    const endpoints = rows(row, 'endpoints').map(toEndpoint)
    for (const endpoint of endpoints) this.#seen(endpoint)
    const byId = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]))
    this.#keep(tenantId, { mark: text(row, 'mark'), endpoints, byId })
    return endpoints
  }

  /** Forgets the oldest of too many. */
  #keep(tenantId: string, known: Known): void {
    this.#forget(tenantId)
    this.#known.set(tenantId, known)
    this.#size += known.endpoints.length
    for (const oldest of this.#known.keys()) {
      if (this.#size <= mostEndpoints && this.#known.size <= mostEndpoints) return
      this.#forget(oldest)
    }
  }

  #forget(tenantId: string): void {
    this.#size -= this.#known.get(tenantId)?.endpoints.length ?? 0
    this.#known.delete(tenantId)
  }
}
