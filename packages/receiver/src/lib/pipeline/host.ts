import { isThenable } from '../awaitable'
import type { CommitContext, TransactionContext } from '../handler'
import type { PatientHost, ResolvedHost } from '../idempotency-options'
import type { ClaimRef } from '../ports/idempotency-store'
import type { ReceiveOutcome } from '../result'
import { whileBusy } from '../while-busy'

/** What a handler's context has besides, in transactional mode. */
export type Given =
  | Pick<TransactionContext<unknown>, 'tx'>
  | Pick<CommitContext<unknown>, 'onCommit'>
  | { readonly [none in never]: never }

/** A claim to complete with the transaction. */
export interface Completion {
  readonly claim: ClaimRef
  readonly retainMs: number
}

/** Why a transaction was rolled back: nothing of the work is to stay, and this is its outcome. */
export class RolledBack extends Error {
  readonly outcome: ReceiveOutcome

  constructor(outcome: ReceiveOutcome) {
    super()
    this.outcome = outcome
  }
}

/** Why a transaction was rolled back: the claim is another's. */
export class ClaimTaken extends Error {}

/** Why a transaction was rolled back: a function given to `onCommit` threw the cause. */
export class CommitWorkFailed extends Error {}

/**
 * Runs `work` so that what it writes commits together with the completion of its claim. Rejects when either fails, and then neither is there.
 *
 * @throws ClaimTaken, CommitWorkFailed; or what `work` or the database threw.
 */
export function inHost<Result>(
  host: ResolvedHost,
  work: (given: Given) => Promise<Result>,
  completion?: Completion,
): Promise<Result> {
  if (host.kind === 'sync') return withCommitWork(host, work, completion)
  const complete = async (tx: unknown) =>
    !completion || host.complete(completion.claim, completion.retainMs, tx)
  const inTransaction = async (tx: unknown) => {
    const result = await work({ tx })
    if (!(await complete(tx))) throw new ClaimTaken()
    return result
  }
  return host.gate.run(() => host.transaction(inTransaction))
}

type CommitWork = (tx: unknown) => unknown

async function withCommitWork<Result>(
  host: PatientHost,
  work: (given: Given) => Promise<Result>,
  completion: Completion | undefined,
): Promise<Result> {
  const queued: CommitWork[] = []
  let done = false
  const onCommit = (commitWork: CommitWork) => {
    if (done) throw new TypeError('onCommit: the handlers of this message are done')
    if (typeof commitWork !== 'function') throw new TypeError('onCommit: needs a function')
    queued.push(commitWork)
  }
  let result: Result
  try {
    result = await work({ onCommit })
  } finally {
    done = true
  }
  const commit = (tx: unknown) => {
    if (completion && !host.complete(completion.claim, completion.retainMs, tx)) {
      throw new ClaimTaken()
    }
    for (const commitWork of queued) runSynchronously(commitWork, tx)
  }
  await whileBusy(host.clock, () => host.transaction(commit))
  return result
}

function runSynchronously(commitWork: CommitWork, tx: unknown): void {
  let result: unknown
  try {
    result = commitWork(tx)
  } catch (cause) {
    throw cause instanceof RolledBack ? cause : new CommitWorkFailed('', { cause })
  }
  if (!isThenable(result)) return
  // It would go on after the commit. What it rejects with is nobody's.
  void Promise.resolve(result).catch(() => {})
  const cause = new TypeError('onCommit: the function must be synchronous, and returned a promise')
  throw new CommitWorkFailed('', { cause })
}
