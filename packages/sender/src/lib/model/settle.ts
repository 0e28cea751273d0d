import type { AttemptOutcome } from '../ports/transport'
import { classifyOutcome } from './attempt'
import type { AttemptClass, NextState, Progress } from './delivery'
import type { DisabledReason, EndpointStatus, Health } from './endpoint'
import { type HealthChange, judgeHealth } from './health'
import { parseRetryAfter } from './retry-after'
import { addJitter, type RetryPolicy, scheduledDelay } from './retry-schedule'

type ResponseOutcome = Extract<AttemptOutcome, { kind: 'response' }>
type ErrorOutcome = Extract<AttemptOutcome, { kind: 'error' }>

/** The delivery that an attempt was made for. */
export interface SettleSubject {
  readonly progress: Progress
  /** Since the delivery was created. */
  readonly ageMs: number
  readonly health: Health
}

export interface SettlePolicy {
  readonly retry: RetryPolicy
  readonly disableAfterMs: number
  /** The store's milliseconds. */
  readonly now: number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** What an outcome does to the endpoint, beside the delivery. */
export interface EndpointEffect {
  readonly disable?: DisabledReason
  readonly throttleForMs?: number
  readonly health?: HealthChange
}

export interface SettleResult {
  readonly next: NextState
  readonly outcome: AttemptClass
  /** The `Retry-After` that was honoured. */
  readonly retryAfterMs?: number
  readonly endpoint?: EndpointEffect
}

const mostDeferrals = 5
const shortestDeferralMs = 1_000
const longestUnaskedThrottleMs = 60_000
const mostSoloLosses = 5
const throttlingStatuses = new Set([429, 502, 503, 504])

/**
 * What becomes of a delivery that is about to be attempted. An endpoint paused after the claim is attempted still.
 *
 * ```
 * delivering ──▶ skipped(disabled)   its endpoint was disabled
 *            ──▶ failed(poison)      it ran alone, and its worker was lost, five times
 *            ──▶ failed(config)      its payload is no longer there
 *            ──▶ attempt             otherwise
 * ```
 */
export function judgeClaim(
  progress: Progress,
  endpointStatus: EndpointStatus,
  bodyPresent: boolean,
): 'attempt' | NextState {
  if (endpointStatus === 'disabled') return { status: 'skipped', reason: 'disabled' }
  if (progress.soloLost >= mostSoloLosses) return { status: 'failed', reason: 'poison' }
  return bodyPresent ? 'attempt' : { status: 'failed', reason: 'config' }
}

/**
 * What becomes of a delivery, and of its endpoint, after an attempt.
 *
 * ```
 * delivering ── 2xx ───────────────────────────────▶ succeeded                    health: success
 *            ── 410 ───────────────────────────────▶ failed(gone)                 endpoint disabled
 *            ── an address the policy forbids ─────▶ failed(forbidden_address)    health: failure
 *            ── our own configuration ─────────────▶ failed(config)               not the endpoint's fault
 *            ── 409 + Retry-After, at most 5 times ▶ pending, deferred: free      health: untouched
 *            ── anything else, attempts and age left ▶ pending                    health: failure
 *            ── anything else, none left ──────────▶ failed(exhausted)            health: failure
 * ```
 * No age is left when the schedule's own delay, without jitter, would end past `maxAge`: chance then never decides whether there is a
 * further attempt. A wait that jitter or `Retry-After` makes longer is cut at `maxAge`. 429, 502, 503 and 504 also throttle the endpoint.
 */
export function settle(
  subject: SettleSubject,
  outcome: AttemptOutcome,
  policy: SettlePolicy,
): SettleResult {
  return outcome.kind === 'response'
    ? settleResponse(subject, outcome, policy)
    : settleError(subject, outcome.errorClass, policy)
}

function settleError(
  subject: SettleSubject,
  errorClass: ErrorOutcome['errorClass'],
  policy: SettlePolicy,
): SettleResult {
  switch (errorClass) {
    case 'config':
      return { next: { status: 'failed', reason: 'config' }, outcome: errorClass }
    case 'forbidden_address':
      return {
        next: { status: 'failed', reason: 'forbidden_address' },
        outcome: errorClass,
        ...withEffect(healthEffect(subject, policy, 'failure')),
      }
    default:
      return { ...retry(subject, policy, {}), outcome: errorClass }
  }
}

function settleResponse(
  subject: SettleSubject,
  response: ResponseOutcome,
  policy: SettlePolicy,
): SettleResult {
  const outcome = classifyOutcome(response)
  switch (outcome) {
    case 'success':
      return {
        next: { status: 'succeeded' },
        outcome,
        ...withEffect(healthEffect(subject, policy, 'success')),
      }
    case 'http':
      return settleStatus(subject, response, policy)
    default:
      return { ...retry(subject, policy, {}), outcome }
  }
}

function settleStatus(
  subject: SettleSubject,
  response: ResponseOutcome,
  policy: SettlePolicy,
): SettleResult {
  const { status } = response
  if (status === 410) {
    return {
      next: { status: 'failed', reason: 'gone' },
      outcome: 'http',
      endpoint: { disable: 'gone' },
    }
  }
  const retryAfterMs = retryAfterOf(response, policy.now)
  const honoured = retryAfterMs === undefined ? {} : { retryAfterMs }
  if (status === 409 && retryAfterMs !== undefined && mayDefer(subject, policy)) {
    const retryInMs = Math.min(
      Math.max(retryAfterMs, shortestDeferralMs),
      remainingAge(subject, policy),
    )
    return { next: { status: 'pending', retryInMs, deferred: true }, outcome: 'http', ...honoured }
  }
  const throttles = throttlingStatuses.has(status)
  return { ...retry(subject, policy, { ...honoured, throttles }), outcome: 'http', ...honoured }
}

/** RFC 9110 allows `Retry-After` on a redirect too, but redirects are not followed. */
function retryAfterOf({ status, headers }: ResponseOutcome, now: number): number | undefined {
  return status < 400
    ? undefined
    : parseRetryAfter(headers['retry-after'], { now, date: headers.date })
}

/** A duplicate in flight at the receiver costs no attempt, within bounds. */
function mayDefer(subject: SettleSubject, policy: SettlePolicy): boolean {
  return subject.progress.deferred < mostDeferrals && remainingAge(subject, policy) > 0
}

interface RetryAdvice {
  readonly retryAfterMs?: number
  readonly throttles?: boolean
}

function retry(
  subject: SettleSubject,
  policy: SettlePolicy,
  advice: RetryAdvice,
): Pick<SettleResult, 'next' | 'endpoint'> {
  const delay = delayUntilRetry(subject, policy, advice.retryAfterMs ?? 0)
  const effect = {
    ...healthEffect(subject, policy, 'failure'),
    ...(advice.throttles === true ? throttle(delay, policy, advice.retryAfterMs) : {}),
  }
  return {
    next:
      delay === undefined
        ? { status: 'failed', reason: 'exhausted' }
        : { status: 'pending', retryInMs: delay, deferred: false },
    ...withEffect(effect),
  }
}

/** Undefined when attempts or age are used up. */
function delayUntilRetry(
  subject: SettleSubject,
  policy: SettlePolicy,
  atLeastMs: number,
): number | undefined {
  const { attempt, lost, deferred } = subject.progress
  const scheduled = scheduledDelay(policy.retry, attempt - lost - deferred)
  const remaining = remainingAge(subject, policy)
  if (scheduled === undefined || scheduled > remaining) return undefined
  return Math.min(Math.max(addJitter(scheduled, policy.retry, policy.random), atLeastMs), remaining)
}

function remainingAge(subject: SettleSubject, policy: SettlePolicy): number {
  return Math.floor(policy.retry.maxAge - subject.ageMs)
}

/** As long as the endpoint asked for, or until this delivery's retry, and then a minute at most. */
function throttle(
  delay: number | undefined,
  policy: SettlePolicy,
  retryAfterMs: number | undefined,
): EndpointEffect {
  const wanted =
    retryAfterMs ?? Math.min(delay ?? longestUnaskedThrottleMs, longestUnaskedThrottleMs)
  const throttleForMs = Math.min(wanted, policy.retry.maxAge)
  return throttleForMs > 0 ? { throttleForMs } : {}
}

function healthEffect(
  subject: SettleSubject,
  policy: SettlePolicy,
  verdict: 'success' | 'failure',
): EndpointEffect {
  const change = judgeHealth(subject.health, verdict, policy.now, policy.disableAfterMs)
  if (change === undefined) return {}
  return change === 'disable' ? { disable: 'failing' } : { health: change }
}

function withEffect(effect: EndpointEffect): { readonly endpoint?: EndpointEffect } {
  return Object.keys(effect).length === 0 ? {} : { endpoint: effect }
}
