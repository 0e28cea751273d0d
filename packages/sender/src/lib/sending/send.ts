import { WebhookError } from '@posthorn/schema'
import type { InsertedEvent, NewEvent } from '../model/event'
import type { Clock } from '../ports/clock'
import type { SenderStore } from '../ports/store'
import { whileBusy } from '../store-retry'
import { afterTurn, type Batcher, createBatcher, restBy } from './batcher'
import type { FanOutContext } from './fan-out'
import { insertMatched, type Matching } from './insert-matched'
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

export interface InserterParts {
  readonly store: SenderStore
  readonly clock: Clock
  readonly fanOut: FanOutContext
  readonly insert: Insert
}

/** Writes prepared events, matched with the endpoints of their tenants, in shared transactions. */
export function createInserter({
  store: { endpoints, host },
  clock,
  fanOut: context,
  insert,
}: InserterParts): Batcher<PreparedEvent, SendResult> {
  const matching: Matching = {
    context,
    insert,
    remembered: (tenantId) => endpoints.remembered?.(tenantId),
    read: (tenantId) => whileBusy(() => endpoints.forTenant(tenantId)),
  }
  const write = (events: readonly PreparedEvent[]) => insertMatched(matching, events)
  // A store whose transactions are synchronous is one whose writes are.
  const rest = host.kind === 'sync' ? restBy(clock) : undefined
  return createBatcher(write, { largest: largestBatch, begin: afterTurn, rest })
}
