import { WebhookError } from '@posthorn/schema'
import { refusal } from '../checks'
import type { AsyncTransactions, HostTransactions } from '../ports/store'
import { insertMatched } from '../sending/insert-matched'
import type { PreparedEvent } from '../sending/prepare'
import type { SendResult } from '../sending/send'
import type { TenantContext } from './context'

/** The host's transaction, whose type the sender's type knows. */
export interface TransactionOption {
  readonly tx?: unknown
}

const invalid = refusal('invalid_argument')

const noTransactions = 'this store has no host transactions'
const prepareFirst =
  'this store’s transactions are synchronous: `prepare` first, then `enqueue(prepared, { tx })` inside'

/**
 * Whether `send` is to write inside a transaction. It must not quietly be outside of one that the caller believes in, nor in a synchronous
 * one, which could be over before an awaiting call writes.
 */
export function writesInTransaction(
  host: HostTransactions,
  transaction: TransactionOption,
): boolean {
  const isGiven = 'tx' in transaction
  if (host.kind === 'async') {
    if (isGiven && (transaction.tx === undefined || transaction.tx === null))
      throw invalid('tx', 'is empty: leave it out, or give the transaction')
    return isGiven
  }
  if (!isGiven || transaction.tx === undefined) return false
  throw invalid(
    'tx',
    `cannot be used here: ${host.kind === 'sync' ? prepareFirst : noTransactions}`,
  )
}

/** Records prepared events, inside the host's transaction if one is given; where that awaits, they are matched in it too. */
export function enqueue(
  context: TenantContext,
  prepared: PreparedEvent | readonly PreparedEvent[],
  { tx }: TransactionOption = {},
): readonly SendResult[] | Promise<readonly SendResult[]> {
  context.refuseIfStopped()
  const { host } = context.store
  const events = isOne(prepared) ? [prepared] : prepared
  for (const event of events) checkPrepared(event, context.tenantId)
  if (host.kind === 'sync') return host.enqueue(events, tx)
  if (host.kind === 'none') throw invalid('enqueue', `cannot be used: ${noTransactions}`)
  if (tx === undefined || tx === null) throw invalid('tx', 'is needed: the transaction to write in')
  return enqueueMatched(context, host, events, tx)
}

/** With what is remembered of endpoints outside of the transaction too: the mark tells whether it sees the same. */
const enqueueMatched = (
  { fanOut, store }: TenantContext,
  host: AsyncTransactions<unknown>,
  events: readonly PreparedEvent[],
  tx: unknown,
): Promise<readonly SendResult[]> =>
  insertMatched(
    {
      context: fanOut,
      remembered: (tenantId) => store.endpoints.remembered?.(tenantId),
      read: (tenantId) => host.endpoints(tenantId, tx),
      insert: (matched) => host.enqueue(matched, tx),
    },
    events,
  )

function isOne(value: PreparedEvent | readonly PreparedEvent[]): value is PreparedEvent {
  return !Array.isArray(value)
}

function checkPrepared(event: PreparedEvent, tenantId: string): void {
  if (typeof event !== 'object' || event === null || !(event.body instanceof Uint8Array)) {
    throw invalid('prepared', 'must be what `await sender.prepare(event)` answers')
  }
  if (event.tenantId === tenantId) return
  throw new WebhookError(
    'invalid_argument',
    'The event was prepared for another tenant: use `sender.tenant(id).enqueue`.',
  )
}

/** Runs the host's work in a transaction of the store's client, and wakes the worker after the commit. */
export async function inTransaction<Result>(
  context: TenantContext,
  work: (tx: unknown) => Promise<Result>,
): Promise<Result> {
  context.refuseIfStopped()
  const { host } = context.store
  if (host.kind !== 'async') {
    throw invalid(
      'transaction',
      `cannot be used: ${host.kind === 'sync' ? prepareFirst : noTransactions}`,
    )
  }
  const result = await host.transaction(work)
  context.wake()
  return result
}
