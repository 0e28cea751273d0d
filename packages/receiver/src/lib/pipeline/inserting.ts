import type { ResolvedInserts } from '../idempotency-options'
import type { ClaimKey } from '../ports/idempotency-store'
import type { InsertResult } from '../ports/inserting-store'
import type { ReceiveOutcome } from '../result'
import { RolledBack } from './host'
import { NoLease } from './lease'
import type { Message } from './parse'
import { refuse } from './stage'
import { about, type Work } from './work'

const RETRY_IN_MS = 1_000

/** Does the work in the transaction that inserts its key. */
export async function insertAndWork(
  { store, host }: ResolvedInserts,
  key: ClaimKey,
  { message, work }: { readonly message: Message; readonly work: Work },
): Promise<ReceiveOutcome> {
  try {
    const inTransaction = async (tx: unknown): Promise<ReceiveOutcome> => {
      const result = await store.insert(key, message.event, tx)
      if (result !== 'inserted') throw new RolledBack(answer(result, message))
      const { outcome, remember } = await work(message, new NoLease(), { tx })
      if (!remember) throw new RolledBack(outcome)
      return outcome
    }
    return await host.gate.run(() => host.transaction(inTransaction))
  } catch (cause) {
    if (cause instanceof RolledBack) return cause.outcome
    return refuse('store_unavailable', { ...about(message), cause })
  }
}

function answer(result: Exclude<InsertResult, 'inserted'>, message: Message): ReceiveOutcome {
  if (result === 'done') return { kind: 'duplicate', ...about(message) }
  return refuse('duplicate_in_flight', { ...about(message), retryAfterMs: RETRY_IN_MS })
}
