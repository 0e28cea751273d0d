import type { AttemptOutcome } from '../ports/transport'
import { classifyOutcome } from './attempt'
import type { AttemptClass, NextState, Progress } from './delivery'
import { type Directives, parseDirectives } from './directives'
import type { DisabledReason, Health } from './endpoint'
import { type HealthChange, type HealthPolicy, judgeHealth, nextProbe } from './health'
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

export interface SettlePolicy extends HealthPolicy {
  readonly retry: RetryPolicy
  /** Whether the response header `webhook-delivery` counts. */
  readonly directives: boolean
  /** Whether an address that the network policy forbids ends the delivery. Otherwise it is retried, as one that cannot be reached is. */
  readonly forbiddenIsFinal: boolean
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
  /** It has long been failing: until then it is left alone. */
  readonly probeInMs?: number
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
const aborted: NextState = { status: 'failed', reason: 'aborted' }
const disableOnRequest: EndpointEffect = { disable: 'requested' }
const throttlingStatuses = new Set([429, 502, 503, 504])

/**
 * What becomes of a delivery, and of its endpoint, after an attempt.
 *
 * ```
 * delivering ── 2xx ───────────────────────────────▶ succeeded                    health: success
 *            ── 410 ───────────────────────────────▶ failed(gone)                 endpoint disabled
 *            ── any other status + `disable` ──────▶ failed(aborted)              endpoint disabled
 *            ── any other status + `abort-message` ▶ failed(aborted)              health: failure
 *            ── an address the policy forbids ─────▶ failed(forbidden_address)    health: failure; or as anything else
 *            ── our own configuration ─────────────▶ failed(config)               not the endpoint's fault
 *            ── the sender's own fault ────────────▶ as the last two              health: untouched
 *            ── 409 + Retry-After, at most 5 times ▶ pending, deferred: free      health: untouched
 *            ── anything else, attempts and age left ▶ pending                    health: failure
 *            ── anything else, none left ──────────▶ failed(exhausted)            health: failure
 * ```
 * No age is left when the schedule's own delay, without jitter, would end past `maxAge`: chance then never decides whether there is a
 * further attempt. A failure of an endpoint that has long been failing puts off its next probe. A wait that jitter or `Retry-After` makes longer is cut at `maxAge`. 429, 502, 503 and 504 also throttle the endpoint.
 * `disable` and `abort-message` are directives of the response header `webhook-delivery`, where the policy heeds it; a 2xx that says `disable`
 * succeeds, and disables.
 */
export function settle(
  subject: SettleSubject,
  outcome: AttemptOutcome,
  policy: SettlePolicy,
): SettleResult {
  return outcome.kind === 'response'
    ? settleResponse(subject, outcome, policy)
    : settleError(subject, outcome, policy)
}

function settleError(
  subject: SettleSubject,
  { errorClass, blame }: ErrorOutcome,
  policy: SettlePolicy,
): SettleResult {
  if (blame === 'sender')
    return { next: nextTry(delayUntilRetry(subject, policy, 0)), outcome: errorClass }
  if (errorClass === 'config')
    return { next: { status: 'failed', reason: 'config' }, outcome: errorClass }
  const settled = { ...retry(subject, policy, {}), outcome: errorClass }
  return errorClass === 'forbidden_address' && policy.forbiddenIsFinal
    ? { ...settled, next: { status: 'failed', reason: 'forbidden_address' } }
    : settled
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
        ...withEffect({
          ...healthEffect(subject, policy, 'success'),
          ...(directivesOf(response, policy).disable ? disableOnRequest : {}),
        }),
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
  const { disable, abort } = directivesOf(response, policy)
  if (disable) return { next: aborted, outcome: 'http', endpoint: disableOnRequest }
  const settled = settleFailure(subject, response, policy)
  return abort ? { ...settled, next: aborted } : settled
}

function settleFailure(
  subject: SettleSubject,
  response: ResponseOutcome,
  policy: SettlePolicy,
): SettleResult {
  const { status } = response
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

function directivesOf({ headers }: ResponseOutcome, policy: SettlePolicy): Directives {
  return parseDirectives(policy.directives ? headers['webhook-delivery'] : undefined)
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
    next: nextTry(delay),
    ...withEffect(effect),
  }
}

function nextTry(delay: number | undefined): NextState {
  if (delay === undefined) return { status: 'failed', reason: 'exhausted' }
  return { status: 'pending', retryInMs: delay, deferred: false }
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
  if (change === 'disable') return { disable: 'failing' }
  if (change !== undefined) return { health: change }
  const probeInMs = verdict === 'failure' ? nextProbe(subject.health, policy) : undefined
  return probeInMs === undefined ? {} : { probeInMs }
}

function withEffect(effect: EndpointEffect): { readonly endpoint?: EndpointEffect } {
  return Object.keys(effect).length === 0 ? {} : { endpoint: effect }
}
