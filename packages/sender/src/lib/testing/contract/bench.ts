import assert from 'node:assert/strict'
import type {
  AttemptRecord,
  ClaimedDelivery,
  DeliveryRecord,
  NextState,
  SettleVerdict,
} from '../../model/delivery'
import type { EndpointRecord } from '../../model/endpoint'
import type { ClaimedEvent, EventRecord, FanOut, NewDelivery, NewEvent } from '../../model/event'
import type {
  DeliveryClaim,
  DeliveryClaimRequest,
  InsertedAndClaimed,
  Redelivery,
} from '../../ports/delivery-store'
import type { NewEndpoint } from '../../ports/endpoint-store'
import type { SenderStore } from '../../ports/store'
import {
  claimEventsFrom,
  claimFrom,
  idsOf,
  insertAndClaimFrom,
  inTurn,
  LONG,
  only,
  SHORT,
  TENANT,
} from './helpers'

/** What the bench of one law is made of. */
export interface BenchParts {
  readonly store: SenderStore
  /** Lets time pass on the store's clock, at least so much. */
  pass(ms: number): Promise<void>
  /** Another handle on the same database; the same store where the suite cannot open one. */
  handle(): Promise<SenderStore>
  /** A store of its own, not migrated. */
  unmigrated(): Promise<SenderStore>
}

type Endpoints = readonly { readonly id: string }[]

/** The ground a law stands on: an empty store, and short ways to fill it. */
export class Bench implements BenchParts {
  readonly store: SenderStore
  readonly #parts: BenchParts
  #ids = 0

  constructor(parts: BenchParts) {
    this.store = parts.store
    this.#parts = parts
  }

  pass(ms: number): Promise<void> {
    return this.#parts.pass(ms)
  }

  handle(): Promise<SenderStore> {
    return this.#parts.handle()
  }

  unmigrated(): Promise<SenderStore> {
    return this.#parts.unmigrated()
  }

  id(prefix: string): string {
    this.#ids += 1
    return `${prefix}_${String(this.#ids).padStart(26, '0')}`
  }

  newEndpoint(over: Partial<NewEndpoint> = {}): NewEndpoint {
    return {
      tenantId: TENANT,
      id: this.id('ep'),
      url: 'https://example.com/hooks',
      eventTypes: ['*'],
      status: 'enabled',
      health: { state: 'healthy' },
      headers: {},
      secrets: [],
      metadata: {},
      ...over,
    }
  }

  endpoint(over: Partial<NewEndpoint> = {}): Promise<EndpointRecord> {
    return this.store.endpoints.insert(this.newEndpoint(over))
  }

  endpoints(count: number, over: Partial<NewEndpoint> = {}): Promise<EndpointRecord[]> {
    return inTurn(count, () => this.endpoint(over))
  }

  failingEndpoint(): Promise<EndpointRecord> {
    return this.endpoint({ health: { state: 'failing', since: 0 } })
  }

  event(over: Partial<NewEvent> = {}): NewEvent {
    return {
      tenantId: TENANT,
      id: this.id('evt'),
      type: 'run.completed',
      version: 1,
      timestamp: 1_700_000_000_000,
      body: new TextEncoder().encode('{"data":{}}'),
      metadata: {},
      ...over,
    }
  }

  newDelivery(endpoint: { readonly id: string }, over: Partial<NewDelivery> = {}): NewDelivery {
    return {
      id: this.id('dlv'),
      endpointId: endpoint.id,
      state: { status: 'pending' },
      ...over,
    }
  }

  fanOut(endpoints: Endpoints): FanOut {
    return { deliveries: endpoints.map((endpoint) => this.newDelivery(endpoint)), bodies: [] }
  }

  /** Records an event that is still to be matched. */
  async record(over: Partial<NewEvent> = {}): Promise<NewEvent> {
    const event = this.event(over)
    await this.store.deliveries.insert([event])
    return event
  }

  /** Inserts an event with a pending delivery to each endpoint. */
  async send(
    endpoints: Endpoints,
    over: Partial<NewEvent> = {},
  ): Promise<{ readonly event: NewEvent; readonly ids: readonly string[] }> {
    const event = this.event({ fanOut: this.fanOut(endpoints), ...over })
    await this.store.deliveries.insert([event])
    return { event, ids: (event.fanOut?.deliveries ?? []).map(({ id }) => id) }
  }

  /** The id of one new delivery to the endpoint. */
  async sendTo(endpoint: EndpointRecord, over: Partial<NewEvent> = {}): Promise<string> {
    const { ids } = await this.send([endpoint], { tenantId: endpoint.tenantId, ...over })
    return only(ids)
  }

  /** Many deliveries to one endpoint, in one call. */
  async fill(endpoint: EndpointRecord, count: number): Promise<void> {
    const { tenantId } = endpoint
    const events = Array.from({ length: count }, () =>
      this.event({ tenantId, fanOut: this.fanOut([endpoint]) }),
    )
    await this.store.deliveries.insert(events)
  }

  /** Claims whatever may be claimed, under leases that last. */
  claim(over: Partial<DeliveryClaimRequest> = {}): Promise<DeliveryClaim> {
    return claimFrom(this.store, over)
  }

  /** Inserts and claims by the store's own step for it, or by two. */
  async insertAndClaim(
    events: readonly NewEvent[],
    over: Partial<DeliveryClaimRequest> = {},
  ): Promise<Required<InsertedAndClaimed>> {
    return insertAndClaimFrom(this.store, events, over)
  }

  async claimIds(over: Partial<DeliveryClaimRequest> = {}): Promise<readonly string[]> {
    return idsOf((await this.claim(over)).deliveries)
  }

  async claimOne(over: Partial<DeliveryClaimRequest> = {}): Promise<ClaimedDelivery> {
    return only((await this.claim(over)).deliveries)
  }

  /** A delivery lost so many times to workers that had claimed others with it. */
  async lose(times: number, over: Partial<DeliveryClaimRequest> = {}): Promise<void> {
    await inTurn(times, async () => {
      await this.claim({ leaseMs: SHORT, ...over })
      await this.pass(SHORT)
    })
  }

  async settle(
    claimed: ClaimedDelivery,
    next: NextState = { status: 'succeeded' },
    attempt?: AttemptRecord,
  ): Promise<SettleVerdict> {
    const settlement = { lease: claimed.lease, next, ...(attempt ? { attempt } : {}) }
    return only(await this.store.deliveries.settle([settlement]))
  }

  attempt(claimed: ClaimedDelivery, over: Partial<AttemptRecord> = {}): AttemptRecord {
    return {
      number: claimed.lease.attempt,
      startedAt: claimed.createdAt,
      durationMs: 12,
      outcome: 'success',
      status: 204,
      ...over,
    }
  }

  redelivery(
    event: NewEvent,
    endpoint: EndpointRecord,
    over: Partial<Redelivery> = {},
  ): Redelivery {
    return {
      tenantId: event.tenantId,
      id: this.id('dlv'),
      eventId: event.id,
      endpointId: endpoint.id,
      as: 'same',
      ...over,
    }
  }

  claimEvents(leaseMs: number = LONG, limit = 100): Promise<readonly ClaimedEvent[]> {
    return claimEventsFrom(this.store, leaseMs, limit)
  }

  async readDelivery(id: string, tenantId = TENANT): Promise<DeliveryRecord> {
    const record = await this.store.log.get(tenantId, id)
    assert.ok(record, `the log has no delivery ${id}`)
    return record
  }

  async readEvent(id: string, tenantId = TENANT): Promise<EventRecord> {
    const record = await this.store.log.event(tenantId, id)
    assert.ok(record, `the log has no event ${id}`)
    return record
  }

  async readEndpoint({ tenantId, id }: EndpointRecord): Promise<EndpointRecord> {
    const record = await this.store.endpoints.get(tenantId, id)
    assert.ok(record, `there is no endpoint ${id}`)
    return record
  }

  async statusOf(id: string): Promise<string> {
    return (await this.readDelivery(id)).state.status
  }
}
