import type { DisabledReason, EndpointRecord, Health } from '../model/endpoint'

export interface Page<Item> {
  readonly items: readonly Item[]
  /** Opaque; absent on the last page. */
  readonly cursor?: string
}

/** An endpoint to create; the store gives it `seq`, `revision` 1 and its times. */
export type NewEndpoint = Omit<EndpointRecord, 'seq' | 'revision' | 'createdAt' | 'updatedAt'>

/** A change that outcomes bring about. The times are added to the store's clock, and never bring a throttle's end or a probe forward. */
export interface EndpointTransition {
  readonly tenantId: string
  readonly id: string
  /** What was judged: unless the endpoint still is so, nothing changes. */
  readonly onlyIf?: {
    /** It has been failing since exactly then. */
    readonly failingSince?: number
    readonly url?: string
  }
  readonly health?: { readonly from: Health['state']; readonly to: 'healthy' | 'failing' }
  readonly disable?: DisabledReason
  readonly throttleForMs?: number
  /** Sets `probeAt` of an endpoint that is failing. */
  readonly probeInMs?: number
}

/**
 * Keeps endpoints.
 *
 * Laws:
 * - Every call that names an endpoint names its tenant; another tenant's id is as unknown.
 * - `insert` gives each endpoint a `seq` above every earlier one of the store, deleted ones included.
 * - `replace` writes only over the `revision` it was given, and answers the new record, or undefined when that revision is gone.
 *   It keeps `seq` and `createdAt`.
 * - `remove` deletes the endpoint and cancels its unfinished deliveries, as one step.
 * - `transition` changes health only from the state named (a failing endpoint keeps its `since`), disables only an endpoint that is not
 *   disabled yet, and raises `revision`; it answers, for each, whether health or status changed. What `onlyIf` names is compared in the same
 *   step; where it differs nothing changes. An endpoint that turns healthy loses its `probeAt`, and keeps its throttle.
 * - `list` pages in order of creation, newest first; a page never repeats or skips an endpoint that existed when paging began.
 * - `forTenant` answers every endpoint of the tenant, as committed by the time of the call.
 * - `remembered` answers what `forTenant` did, or nothing. Two states of a tenant's endpoints never have one mark.
 */
export interface EndpointStore {
  insert(endpoint: NewEndpoint): Promise<EndpointRecord>
  get(tenantId: string, id: string): Promise<EndpointRecord | undefined>
  list(query: EndpointQuery): Promise<Page<EndpointRecord>>
  forTenant(tenantId: string): Promise<readonly EndpointRecord[]>
  /** Asks nobody, and may be out of date: `insert` says so. Absent where that would save nothing. */
  remembered?(tenantId: string): RememberedEndpoints | undefined
  replace(record: EndpointRecord): Promise<EndpointRecord | undefined>
  remove(tenantId: string, id: string): Promise<boolean>
  transition(changes: readonly EndpointTransition[]): Promise<readonly boolean[]>
}

/** A tenant's endpoints as this process read them last. */
export interface RememberedEndpoints {
  /** Names this state of them, for `NewEvent.mark`. */
  readonly mark: string
  readonly endpoints: readonly EndpointRecord[]
}

/** `tenantId` absent: all tenants, for the operator. */
export interface EndpointQuery {
  readonly tenantId?: string
  readonly limit: number
  readonly cursor?: string
}
