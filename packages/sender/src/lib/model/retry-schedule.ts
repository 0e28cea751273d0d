import { type Duration, parseDuration } from '@posthorn/schema'
import { isPattern, matchesType } from './patterns'

/** When a delivery is tried again. All times in milliseconds. */
export interface RetryPolicy {
  /** Delay before each attempt; the first is the delay before the first attempt. */
  readonly schedule: readonly number[]
  /** Share of a delay that is added at random: 0.2 adds up to 20 %. */
  readonly jitter: number
  readonly maxAttempts: number
  readonly maxAge: number
}

/** One rule of retrying. What is absent comes from the rule around it, at last from `retrySchedules.standard`. */
export interface RetryRule {
  /** Delay before each attempt, the first of which is `'0s'`; 1 to 100 of them. Of an endpoint each from the third on is at least `'1s'`. */
  readonly schedule?: readonly Duration[]
  /** Share of a delay that is added at random, 0 to 1: 0.2 adds up to 20 %. */
  readonly jitter?: number
  /** 1 to 100. Default: the length of the schedule. Beyond it, the last delay repeats. */
  readonly maxAttempts?: number
  /** No retry is planned past this age of the delivery. */
  readonly maxAge?: Duration
}

/** When deliveries are tried again. */
export interface RetryOptions extends RetryRule {
  /** Rules for event types: under each pattern what differs. Of several that match, the one written first counts. */
  readonly byType?: Readonly<Record<string, RetryRule>>
}

/** `RetryOptions`, checked. */
export interface ResolvedRetry {
  readonly policy: RetryPolicy
  readonly byType: readonly { readonly pattern: string; readonly policy: RetryPolicy }[]
}

const mostAttempts = 100
const standardSchedule: readonly Duration[] = [
  '0s',
  '5s',
  '5m',
  '30m',
  '2h',
  '5h',
  '10h',
  '14h',
  '20h',
  '24h',
]
const standardJitter = 0.2
const standardAge: Duration = '5d'

/** Ready-made schedules, each a `RetryOptions`. */
export const retrySchedules = Object.freeze({
  /** The default: 10 attempts over 75 h 35 min 5 s. */
  standard: preset(standardSchedule, standardAge),
  /** The first attempt and three retries. Every delay is longer than the 10 s that a receiver of AetherFlow's has to answer. */
  aetherflow: preset(['0s', '30s', '5m', '30m'], '1d'),
  /** Delays that double from 30 s and stay at 4 h, and an end after 24 h, as Honeyframe plans it: 14 attempts over 20 h 15 min 30 s. */
  honeyframe: preset(
    ['0s', '30s', '1m', '2m', '4m', '8m', '16m', '32m', '64m', '128m', '4h', '4h', '4h', '4h'],
    '24h',
  ),
})

function preset(schedule: readonly Duration[], maxAge: Duration): RetryOptions {
  return Object.freeze({ schedule: Object.freeze(schedule), jitter: standardJitter, maxAge })
}

/**
 * Checks the `retry` option of the sender.
 *
 * @throws TypeError naming the option that is wrong
 */
export function resolveRetry(options: RetryOptions): ResolvedRetry {
  const { byType = {}, ...rule } = checkObject(options, 'retry')
  const policy = resolveRetryPolicy(rule)
  const entries = Object.entries(checkObject(byType, 'retry.byType')).map(
    ([pattern, ruleOfType]) => {
      const name = `retry.byType[${JSON.stringify(pattern)}]`
      if (!isPattern(pattern))
        throw new TypeError(`${name} is not an event type or a pattern of them`)
      return Object.freeze({ pattern, policy: resolveRetryPolicy(ruleOfType, policy, name) })
    },
  )
  return Object.freeze({ policy, byType: Object.freeze(entries) })
}

/**
 * Checks one rule and fills what it leaves out from `base`, or from `retrySchedules.standard`.
 *
 * @throws TypeError naming the option that is wrong
 */
export function resolveRetryPolicy(
  rule: RetryRule,
  base?: RetryPolicy,
  name = 'retry',
): RetryPolicy {
  return merge(checkRetryRule(rule, name), base ?? standardPolicy())
}

/**
 * Checks one rule, and answers what it says in milliseconds: the form in which an endpoint keeps its own.
 *
 * @throws TypeError naming the option that is wrong
 */
export function checkRetryRule(rule: RetryRule, name = 'retry'): Partial<RetryPolicy> {
  const { schedule, jitter, maxAttempts, maxAge, ...unknown } = checkObject(rule, name)
  const [stray] = Object.keys(unknown)
  if (stray !== undefined) throw new TypeError(`${name}: unknown option "${stray}"`)
  return Object.freeze({
    ...(schedule === undefined ? {} : { schedule: checkSchedule(schedule, `${name}.schedule`) }),
    ...(jitter === undefined ? {} : { jitter: checkJitter(jitter, `${name}.jitter`) }),
    ...(maxAttempts === undefined
      ? {}
      : { maxAttempts: checkAttempts(maxAttempts, `${name}.maxAttempts`) }),
    ...(maxAge === undefined ? {} : { maxAge: checkAge(maxAge, `${name}.maxAge`) }),
  })
}

/**
 * Checks the rule of an endpoint, which a tenant may have written: the first retry may come at once, and every later one at least 1 s after the
 * attempt before it.
 *
 * @throws TypeError naming the option that is wrong
 */
export function checkEndpointRetryRule(rule: RetryRule, name = 'retry'): Partial<RetryPolicy> {
  const checked = checkRetryRule(rule, name)
  const { schedule, maxAttempts = schedule?.length ?? 0 } = checked
  if (schedule === undefined) return checked
  const early = schedule.slice(0, maxAttempts).findIndex(isTooEarly)
  if (early !== -1) throw new TypeError(`${name}.schedule[${early}] must be at least '1s'`)
  if (maxAttempts > schedule.length && isTooEarly(schedule.at(-1) ?? 0, maxAttempts - 1))
    throw new TypeError(`${name}.schedule must end with at least '1s': its last delay is repeated`)
  return checked
}

const shortestLaterDelay = 1_000

const isTooEarly = (delay: number, step: number): boolean => step > 1 && delay < shortestLaterDelay

/**
 * The policy for one delivery: an endpoint's own rule comes before the sender's rule for the type, and that before the general one. Attempts that
 * only the endpoint's rule gives follow each other at 1 s at the least.
 */
export function retryPolicyFor(
  resolved: ResolvedRetry,
  eventType: string,
  endpointRule?: Partial<RetryPolicy>,
): RetryPolicy {
  const ofType = resolved.byType.find(({ pattern }) => matchesType([pattern], eventType))
  const policy = ofType?.policy ?? resolved.policy
  if (endpointRule === undefined) return policy
  const merged = merge(endpointRule, policy)
  return merged.schedule === policy.schedule && merged.maxAttempts > policy.maxAttempts
    ? Object.freeze({ ...merged, schedule: prolonged(policy) })
    : merged
}

/** The schedule with the repetitions that the policy makes of its last delay, and one that may be repeated as often as a tenant likes. */
function prolonged({ schedule, maxAttempts }: RetryPolicy): readonly number[] {
  const last = schedule.at(-1) ?? 0
  if (last >= shortestLaterDelay) return schedule
  const repeated = Array.from({ length: maxAttempts - schedule.length }, () => last)
  return [...schedule, ...repeated, shortestLaterDelay]
}

/** The delay before attempt number `step + 1`, without jitter; undefined when the attempts are used up. */
export function scheduledDelay(policy: RetryPolicy, step: number): number | undefined {
  return step < policy.maxAttempts ? (policy.schedule[step] ?? policy.schedule.at(-1)) : undefined
}

/** Adds jitter to a delay: additive, so that no retry comes earlier than the schedule says. Whole milliseconds. */
export function addJitter(delay: number, policy: RetryPolicy, random: () => number): number {
  return delay + Math.floor(random() * policy.jitter * delay)
}

/** The delay before attempt number `step + 1`, with jitter; undefined when the attempts are used up. */
export function retryDelay(
  policy: RetryPolicy,
  step: number,
  random: () => number,
): number | undefined {
  const delay = scheduledDelay(policy, step)
  return delay === undefined ? undefined : addJitter(delay, policy, random)
}

function standardPolicy(): RetryPolicy {
  const schedule = Object.freeze(standardSchedule.map((delay) => parseDuration(delay)))
  return {
    schedule,
    jitter: standardJitter,
    maxAttempts: schedule.length,
    maxAge: parseDuration(standardAge),
  }
}

/** A rule with a schedule of its own has as many attempts as that, unless it says otherwise. */
function merge(rule: Partial<RetryPolicy>, base: RetryPolicy): RetryPolicy {
  return Object.freeze({
    schedule: rule.schedule ?? base.schedule,
    jitter: rule.jitter ?? base.jitter,
    maxAttempts: rule.maxAttempts ?? rule.schedule?.length ?? base.maxAttempts,
    maxAge: rule.maxAge ?? base.maxAge,
  })
}

function checkSchedule(schedule: readonly Duration[], name: string): readonly number[] {
  if (!Array.isArray(schedule) || schedule.length < 1 || schedule.length > mostAttempts) {
    throw new TypeError(`${name} must be an array of 1 to ${mostAttempts} durations`)
  }
  const delays = Array.from(schedule, (delay: Duration, index) =>
    parseDuration(delay, `${name}[${index}]`),
  )
  if (delays[0] !== 0)
    throw new TypeError(`${name}[0] must be '0s': the first attempt is made at once`)
  return Object.freeze(delays)
}

function checkJitter(jitter: number, name: string): number {
  if (typeof jitter !== 'number' || !(jitter >= 0 && jitter <= 1))
    throw new TypeError(`${name} must be a number from 0 to 1`)
  return jitter
}

function checkAttempts(attempts: number, name: string): number {
  if (!Number.isInteger(attempts) || attempts < 1 || attempts > mostAttempts) {
    throw new TypeError(`${name} must be a whole number from 1 to ${mostAttempts}`)
  }
  return attempts
}

function checkAge(age: Duration, name: string): number {
  const ms = parseDuration(age, name)
  if (ms === 0) throw new TypeError(`${name} must be longer than 0`)
  return ms
}

function checkObject<Value extends object>(value: Value, name: string): Value {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${name} must be an object`)
  }
  return value
}
