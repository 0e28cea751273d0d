import assert from 'node:assert/strict'
import { compact } from '../../compact'
import type { ClaimedDelivery } from '../../model/delivery'
import type { ClaimedEvent, NewEvent } from '../../model/event'
import type {
  DeliveryClaim,
  DeliveryClaimRequest,
  InsertedAndClaimed,
} from '../../ports/delivery-store'
import type { Page } from '../../ports/endpoint-store'
import type { SenderStore } from '../../ports/store'

export const TENANT = 'acme'
export const OTHER = 'globex'

/** A lease that outlives any law. */
export const LONG = 600_000
/** A lease that may be over at once; `pass(SHORT)` ends it. */
export const SHORT = 50
/** A lease that a slow machine still acts under; `pass(MEDIUM)` ends it. */
export const MEDIUM = 600

/** All that may be claimed, under leases that last. */
const whatever: DeliveryClaimRequest = {
  limit: 1000,
  leaseMs: LONG,
  perEndpoint: 1000,
  failingLimit: 1000,
  probeAfterMs: Number.MAX_SAFE_INTEGER,
  solo: false,
}

export function claimFrom(
  store: SenderStore,
  over: Partial<DeliveryClaimRequest> = {},
): Promise<DeliveryClaim> {
  return store.deliveries.claim({ ...whatever, ...over })
}

export async function insertAndClaimFrom(
  store: SenderStore,
  events: readonly NewEvent[],
  over: Partial<DeliveryClaimRequest> = {},
): Promise<Required<InsertedAndClaimed>> {
  const request = { ...whatever, ...over }
  const { deliveries } = store
  if (deliveries.insertAndClaim) {
    const marked = await Promise.all(events.map((event) => withMark(store, event)))
    const { claim, ...inserted } = await deliveries.insertAndClaim(marked, request)
    assert.ok(claim, 'nothing failed, and so there is to be a claim')
    return { claim, ...inserted }
  }
  return { events: await deliveries.insert(events), claim: await deliveries.claim(request) }
}

/** As the sender gives them: matched with what is remembered. */
async function withMark({ endpoints }: SenderStore, event: NewEvent): Promise<NewEvent> {
  if (event.fanOut === undefined) return event
  await endpoints.forTenant(event.tenantId)
  return { ...compact({ mark: endpoints.remembered?.(event.tenantId)?.mark }), ...event }
}

export async function claimEventsFrom(
  store: SenderStore,
  leaseMs: number = LONG,
  limit = 100,
): Promise<readonly ClaimedEvent[]> {
  return (await store.deliveries.claimEvents({ limit, leaseMs })).events
}

export const idsOf = (claimed: readonly ClaimedDelivery[]): readonly string[] =>
  claimed.map(({ lease }) => lease.deliveryId)

/** The one item there is to be. */
export function only<Item>(items: readonly Item[]): Item {
  const [first] = items
  assert.equal(items.length, 1, `expected one, found ${items.length}`)
  assert.ok(first !== undefined)
  return first
}

/** The item at a place that is to be there. */
export function at<Item>(items: readonly Item[], index: number): Item {
  const item = items.at(index)
  assert.ok(item !== undefined, `nothing at ${index}`)
  return item
}

export const sorted = (items: Iterable<string>): readonly string[] => [...items].sort()

/** Runs a step so many times, one after the other. */
export async function inTurn<Result>(
  times: number,
  step: (index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (let index = 0; index < times; index += 1) results.push(await step(index))
  return results
}

/** Reads a list to its end, page by page; `between` runs after each page. */
export async function readPages<Item>(
  read: (from: { readonly cursor?: string }) => Promise<Page<Item>>,
  between: (page: readonly Item[]) => Promise<void> = async () => {},
): Promise<readonly (readonly Item[])[]> {
  const pages: (readonly Item[])[] = []
  let from: { readonly cursor?: string } = {}
  for (;;) {
    const { items, cursor } = await read(from)
    pages.push(items)
    assert.ok(pages.length < 100, 'the pages come to no end')
    await between(items)
    if (cursor === undefined) return pages
    from = { cursor }
  }
}

/** Asserts that a call rejects with a `WebhookError` of this code. */
export async function rejectsWith(code: string, call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof Error && 'code' in error, `expected ${code}, got ${String(error)}`)
    assert.equal(error.code, code)
    return true
  })
}
