import { describe, expect, it } from 'vitest'
import {
  checkEndpointRetryRule,
  type RetryRule,
  resolveRetry,
  retryPolicyFor,
  scheduledDelay,
} from './retry-schedule'

describe("an endpoint's own retry rule", () => {
  it.each<[string, RetryRule]>([
    ['the first retry at once', { schedule: ['0s', '0s', '1s'] }],
    ['a second between later ones', { schedule: ['0s', '1s'], maxAttempts: 100 }],
    ['delays that are never reached', { schedule: ['0s', '0s', '1s', '0s'], maxAttempts: 3 }],
    ['a first retry alone', { schedule: ['0s', '1ms'], maxAttempts: 2 }],
    ['a last delay that is repeated', { schedule: ['0s', '0s', '1s'], maxAttempts: 5 }],
    ['no schedule', { maxAttempts: 100, jitter: 0 }],
    ['neither schedule nor attempts', { jitter: 0 }],
    ['the first attempt alone', { schedule: ['0s'] }],
  ])('may have %s', (_what, rule) => {
    expect(() => checkEndpointRetryRule(rule)).not.toThrow()
  })

  it.each<[RetryRule, string]>([
    [{ schedule: ['0s', '0s', '0s'] }, "retry.schedule[2] must be at least '1s'"],
    [{ schedule: ['0s', '1s', '1s', '999ms', '1s'] }, "retry.schedule[3] must be at least '1s'"],
    [
      { schedule: ['0s'], maxAttempts: 3 },
      "retry.schedule must end with at least '1s': its last delay is repeated",
    ],
    [
      { schedule: ['0s', '10ms'], maxAttempts: 100 },
      "retry.schedule must end with at least '1s': its last delay is repeated",
    ],
    [{ maxAttempts: 101 }, 'retry.maxAttempts must be a whole number from 1 to 100'],
  ])('is refused: %j', (rule, message) => {
    expect(() => checkEndpointRetryRule(rule)).toThrow(new TypeError(message))
  })

  it('begins with one delay that is repeated only once', () => {
    expect(() => checkEndpointRetryRule({ schedule: ['0s'], maxAttempts: 2 })).not.toThrow()
  })

  it.each<[RetryRule, readonly number[]]>([
    [{ schedule: ['0s', '0s'] }, [0, 0, 1_000, 1_000, 1_000]],
    [{ schedule: ['0s', '10ms'], maxAttempts: 3 }, [0, 10, 10, 1_000, 1_000]],
    [{ schedule: ['0s', '3s'] }, [0, 3_000, 3_000, 3_000, 3_000]],
    [{ schedule: ['0s', '0s', '3s'] }, [0, 0, 3_000, 3_000, 3_000]],
  ])("makes no haste of the sender's schedule %j", (retry, delays) => {
    const policy = retryPolicyFor(resolveRetry(retry), 'run.done', { maxAttempts: 5 })
    expect([0, 1, 2, 3, 4, 5].map((step) => scheduledDelay(policy, step))).toEqual([
      ...delays,
      undefined,
    ])
  })

  it("leaves the sender's own haste as it is", () => {
    const resolved = resolveRetry({ schedule: ['0s', '0s', '0s'], maxAttempts: 9 })
    const policy = retryPolicyFor(resolved, 'run.done', { jitter: 0 })
    expect([2, 8].map((step) => scheduledDelay(policy, step))).toEqual([0, 0])
    expect(policy.schedule).toBe(resolved.policy.schedule)
  })

  it("comes in place of the sender's schedule, with more attempts or fewer", () => {
    const resolved = resolveRetry({ schedule: ['0s', '0s', '0s'] })
    const delaysOf = (maxAttempts: number) => {
      const rule = checkEndpointRetryRule({ schedule: ['0s', '2s', '4s'], maxAttempts })
      const policy = retryPolicyFor(resolved, 'run.done', rule)
      return [0, 1, 2, 3].map((step) => scheduledDelay(policy, step))
    }
    expect(delaysOf(2)).toEqual([0, 2_000, undefined, undefined])
    expect(delaysOf(4)).toEqual([0, 2_000, 4_000, 4_000])
  })
})
