import type { ResolvedClaims, ResolvedHost } from '../idempotency-options'
import type { ResolvedOptions } from '../options'
import type { ReceiveOutcome } from '../result'
import { ClaimTaken, CommitWorkFailed, inHost, RolledBack } from './host'
import type { Lease } from './lease'
import type { Message } from './parse'
import { refuse } from './stage'
import { about, handlerFailed, type Work } from './work'

/** What came of the work, and whether its claim is to be given back. */
interface Ended {
  readonly outcome: ReceiveOutcome
  readonly giveBack: boolean
}

/** Does the work under a claim, then completes the claim or gives it back. */
export async function underClaim(
  { log }: ResolvedOptions,
  { host }: ResolvedClaims,
  lease: Lease,
  { message, work }: { readonly message: Message; readonly work: Work },
): Promise<ReceiveOutcome> {
  const { outcome, giveBack } = host
    ? await together(host, lease, message, work)
    : await oneAfterTheOther(lease, message, work)
  if (!giveBack) return outcome
  try {
    await lease.release()
  } catch (err) {
    log.warn({ err, ...about(message) }, 'Claim not released; it ends with its lease.')
  }
  return outcome.kind === 'refused' && lease.lost ? { ...outcome, code: 'lease_lost' } : outcome
}

/** The outcome stands unless success could not be recorded. */
async function oneAfterTheOther(lease: Lease, message: Message, work: Work): Promise<Ended> {
  const { outcome, remember } = await work(message, lease, {})
  lease.stop()
  if (!remember) return { outcome, giveBack: true }
  try {
    const completed = await lease.complete()
    return { outcome: completed ? outcome : refuse('lease_lost', about(message)), giveBack: false }
  } catch (cause) {
    return { outcome: refuse('store_unavailable', { ...about(message), cause }), giveBack: false }
  }
}

async function together(
  host: ResolvedHost,
  lease: Lease,
  message: Message,
  work: Work,
): Promise<Ended> {
  // It may have to wait for its turn.
  if (host.kind === 'async') lease.keep()
  try {
    const outcome = await inHost(
      host,
      async (given) => {
        if (lease.lost) throw new ClaimTaken()
        const worked = await work(message, lease, given)
        lease.stop()
        if (!worked.remember) throw new RolledBack(worked.outcome)
        return worked.outcome
      },
      lease.completion,
    )
    return { outcome, giveBack: false }
  } catch (cause) {
    lease.stop()
    return { outcome: rolledBack(message, cause), giveBack: true }
  }
}

function rolledBack(message: Message, cause: unknown): ReceiveOutcome {
  if (cause instanceof RolledBack) return cause.outcome
  if (cause instanceof ClaimTaken) return refuse('lease_lost', about(message))
  if (cause instanceof CommitWorkFailed) return handlerFailed(message, cause.cause)
  return refuse('store_unavailable', { ...about(message), cause })
}
