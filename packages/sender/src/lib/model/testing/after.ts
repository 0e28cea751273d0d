import type { AttemptOutcome } from '../../ports/transport'
import type { Progress } from '../delivery'
import type { Health } from '../endpoint'
import type { RetryPolicy } from '../retry-schedule'
import { type SettlePolicy, type SettleResult, settle } from '../settle'
import { response } from './outcomes'

export const day = 86_400_000
/** Wednesday, 21 October 2026, 07:28:00 GMT. */
export const now = Date.UTC(2026, 9, 21, 7, 28, 0)

const retry: RetryPolicy = {
  schedule: [0, 10_000, 100_000],
  jitter: 0.2,
  maxAttempts: 3,
  maxAge: day,
}
const healthy: Health = { state: 'healthy' }
export const turnsFailing = { from: 'healthy', to: 'failing' }

export interface Case {
  readonly progress?: Partial<Progress>
  readonly ageMs?: number
  readonly health?: Health
  readonly retry?: Partial<RetryPolicy>
  readonly random?: () => number
  /** Never, unless given. */
  readonly probeAfterMs?: number
  readonly directives?: boolean
  readonly forbiddenIsFinal?: boolean
}

/** Settles the first attempt of a young delivery of a healthy endpoint, but for what is given. */
export function after(outcome: AttemptOutcome, given: Case = {}): SettleResult {
  const progress = { attempt: 1, lost: 0, soloLost: 0, deferred: 0, ...given.progress }
  const subject = { progress, ageMs: given.ageMs ?? 0, health: given.health ?? healthy }
  const policy: SettlePolicy = {
    retry: { ...retry, ...given.retry },
    disableAfterMs: 5 * day,
    probeAfterMs: given.probeAfterMs ?? Number.POSITIVE_INFINITY,
    probeIntervalMs: 300_000,
    directives: given.directives ?? false,
    forbiddenIsFinal: given.forbiddenIsFinal ?? true,
    now,
    random: given.random ?? (() => 0),
  }
  return settle(subject, outcome, policy)
}

export const answer = (status: number, headers: Record<string, string> = {}): AttemptOutcome =>
  response({ status, headers })
export const asking = (status: number, retryAfter: string): AttemptOutcome =>
  answer(status, { 'retry-after': retryAfter })
export const pendingIn = (retryInMs: number) => ({ status: 'pending', retryInMs, deferred: false })
export const deferredFor = (retryInMs: number) => ({ status: 'pending', retryInMs, deferred: true })
export const failed = (reason: string) => ({ status: 'failed', reason })
