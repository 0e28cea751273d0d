import { type Duration, parseDuration } from '@posthorn/schema'
import type { InboxSettlement } from '../ports/inbox-store'

/** When a handler that failed is tried again. */
export interface InboxRetryOptions {
  /** After the first failure; each further wait is `factor` times as long. Default `'1s'`. */
  readonly first?: Duration
  /** Default 2. */
  readonly factor?: number
  /** No wait is longer, but for the jitter. Default `'4h'`. */
  readonly longest?: Duration
  /** Each wait is longer by a random share of itself, up to this. Default 0.2. */
  readonly jitter?: number
  /** After so many attempts the task is dead. Default 24, which is about 40 hours. */
  readonly maxAttempts?: number
}

export interface RetryPolicy {
  readonly firstMs: number
  readonly factor: number
  readonly longestMs: number
  readonly jitter: number
  readonly maxAttempts: number
}

/** What came of an attempt that failed. */
export interface Failure {
  readonly code: string
  /** When the handler asked to be called again. */
  readonly retryAfterMs?: number | undefined
}

const defaults = { first: '1s', factor: 2, longest: '4h', jitter: 0.2, maxAttempts: 24 } as const

/** @throws TypeError for a value that cannot be meant. */
export function resolveRetry(options: InboxRetryOptions = {}): RetryPolicy {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(defaults, name))
  if (unknown !== undefined) refuse(unknown, 'is not an option')
  const { first, factor, longest, jitter, maxAttempts } = { ...defaults, ...options }
  if (!(Number.isFinite(factor) && factor >= 1)) refuse('factor', 'must be 1 or more')
  if (!(jitter >= 0 && jitter <= 1)) refuse('jitter', 'must be from 0 to 1')
  if (!(Number.isSafeInteger(maxAttempts) && maxAttempts > 0)) {
    refuse('maxAttempts', 'must be a positive integer')
  }
  return Object.freeze({
    firstMs: parseDuration(first, 'createInbox: retry.first'),
    factor,
    longestMs: parseDuration(longest, 'createInbox: retry.longest'),
    jitter,
    maxAttempts,
  })
}

/** What becomes of a task whose `attempt` (from 1) failed. `random` is from 0 to 1. */
export function afterFailure(
  policy: RetryPolicy,
  attempt: number,
  failure: Failure,
  random: number,
): InboxSettlement {
  const { code, retryAfterMs } = failure
  if (attempt >= policy.maxAttempts) return { to: 'dead', reason: 'exhausted', code }
  return { to: 'retry', inMs: retryAfterMs ?? waitMs(policy, attempt, random), code }
}

/** How long after its `attempt` failed a task is due again. */
export function waitMs(policy: RetryPolicy, attempt: number, random: number): number {
  const { firstMs, factor, longestMs, jitter } = policy
  const wait = Math.min(longestMs, firstMs * factor ** (attempt - 1))
  return Math.round(wait * (1 + jitter * random))
}

function refuse(name: string, why: string): never {
  throw new TypeError(`createInbox: retry.${name} ${why}`)
}
