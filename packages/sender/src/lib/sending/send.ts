import { WebhookError } from '@posthorn/schema'
import type { EndpointRecord } from '../model/endpoint'
import type { InsertedEvent, NewEvent } from '../model/event'
import type { SenderStore } from '../ports/store'
import { whileBusy } from '../store-retry'
import { afterTurn, type Batcher, createBatcher } from './batcher'
import { type FanOutContext, fanOut } from './fan-out'
import type { PreparedEvent } from './prepare'

export interface SendResult {
  readonly eventId: string
  /** Deliveries that will be made; skipped ones are not counted. 0 for an event that waits to be matched. */
  readonly deliveries: number
  /** The id or idempotency key was known: nothing was written. */
  readonly duplicate: boolean
}

const largestBatch = 500

/** The answer for the one event that was given. */
export function only(results: readonly SendResult[]): SendResult {
  const [result] = results
  if (result !== undefined) return result
  throw new WebhookError('store_failed', 'The store answered nothing for an event.')
}

/** Writes events that were matched, or left to be. */
export type Insert = (events: readonly NewEvent[]) => Promise<readonly InsertedEvent[]>

/** Writes prepared events, matched against the endpoints of their tenants, in shared transactions. */
export function createInserter(
  store: SenderStore,
  context: FanOutContext,
  insert: Insert,
): Batcher<PreparedEvent, SendResult> {
  const write = async (events: readonly PreparedEvent[]) =>
    insert(await matched(store, context, events))
  return createBatcher(write, { largest: largestBatch, begin: afterTurn })
}

async function matched(
  store: SenderStore,
  context: FanOutContext,
  prepared: readonly PreparedEvent[],
): Promise<readonly NewEvent[]> {
  const endpoints = await endpointsOf(store, new Set(prepared.map((event) => event.tenantId)))
  return prepared.map((event) => matchedWith(context, event, endpoints.get(event.tenantId) ?? []))
}

/** The event with its deliveries to these endpoints of its tenant. */
export const matchedWith = (
  context: FanOutContext,
  event: PreparedEvent,
  endpoints: readonly EndpointRecord[],
): NewEvent => ({ fanOut: fanOut(context, event, endpoints), ...event })

/** The endpoints of each tenant. */
export async function endpointsOf(
  store: SenderStore,
  tenants: ReadonlySet<string>,
): Promise<ReadonlyMap<string, readonly EndpointRecord[]>> {
  const entries = [...tenants].map(
    async (tenantId) =>
      [tenantId, await whileBusy(() => store.endpoints.forTenant(tenantId))] as const,
  )
  return new Map(await Promise.all(entries))
}
