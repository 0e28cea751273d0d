import { describe, expect, it } from 'vitest'
import {
  addJitter,
  type RetryPolicy,
  resolveRetry,
  retryDelay,
  retryPolicyFor,
  scheduledDelay,
} from './retry-schedule'

const day = 86_400_000
const never = () => 0
/** Options as a caller without types gives them. */
const untyped = (text: string) => JSON.parse(text)

const policy: RetryPolicy = {
  schedule: [0, 1_000, 5_000],
  jitter: 0.2,
  maxAttempts: 3,
  maxAge: day,
}

describe('resolveRetry and retryPolicyFor', () => {
  // Within each test: what throws while tests are collected is no failed test to a mutation run.
  const resolve = () =>
    resolveRetry({
      schedule: ['0s', '1s', '2s'],
      jitter: 0,
      byType: {
        'run.failed': { schedule: ['0s', '9s'] },
        'run.*': { maxAttempts: 1 },
        '*.failed': { maxAge: '1h' },
      },
    })
  const general = { schedule: [0, 1_000, 2_000], jitter: 0, maxAttempts: 3, maxAge: 5 * day }

  it('answers the general policy for a type without a rule', () => {
    expect(retryPolicyFor(resolve(), 'billing.paid')).toStrictEqual(general)
    const resolved = resolve()
    expect(retryPolicyFor(resolved, 'billing.paid')).toBe(resolved.policy)
  })

  it('answers the first rule that matches, filled from the general policy', () => {
    expect(retryPolicyFor(resolve(), 'run.failed')).toStrictEqual({
      ...general,
      schedule: [0, 9_000],
      maxAttempts: 2,
    })
    expect(retryPolicyFor(resolve(), 'run.done')).toStrictEqual({ ...general, maxAttempts: 1 })
    expect(retryPolicyFor(resolve(), 'node.failed')).toStrictEqual({
      ...general,
      maxAge: 3_600_000,
    })
  })

  it("puts the endpoint's own rule before both", () => {
    expect(retryPolicyFor(resolve(), 'run.done', { jitter: 1 })).toStrictEqual({
      ...general,
      maxAttempts: 1,
      jitter: 1,
    })
    expect(retryPolicyFor(resolve(), 'run.done', { maxAttempts: 9 }).maxAttempts).toBe(9)
    expect(retryPolicyFor(resolve(), 'x', { schedule: [0, 7] })).toStrictEqual({
      ...general,
      schedule: [0, 7],
      maxAttempts: 2,
    })
    expect(retryPolicyFor(resolve(), 'x', { maxAge: 5 })).toStrictEqual({ ...general, maxAge: 5 })
    expect(Object.isFrozen(retryPolicyFor(resolve(), 'x', {}))).toBe(true)
  })

  it('is frozen all through', () => {
    const resolved = resolve()
    expect(Object.isFrozen(resolved)).toBe(true)
    expect(Object.isFrozen(resolved.byType)).toBe(true)
    expect(
      resolved.byType.every((entry) => Object.isFrozen(entry) && Object.isFrozen(entry.policy)),
    ).toBe(true)
    expect(resolveRetry({}).byType).toStrictEqual([])
  })

  it.each([
    ['7', 'retry must be an object'],
    ['{"byType":[]}', 'retry.byType must be an object'],
    ['{"byType":null}', 'retry.byType must be an object'],
    [
      '{"byType":{"run..x":{}}}',
      'retry.byType["run..x"] is not an event type or a pattern of them',
    ],
    ['{"byType":{"run.*":7}}', 'retry.byType["run.*"] must be an object'],
    [
      '{"byType":{"run.*":{"jitter":2}}}',
      'retry.byType["run.*"].jitter must be a number from 0 to 1',
    ],
    ['{"byType":{"a":{"byType":{}}}}', 'retry.byType["a"]: unknown option "byType"'],
    ['{"jiter":2}', 'retry: unknown option "jiter"'],
  ])('refuses %s', (text, message) => {
    expect(() => resolveRetry(untyped(text))).toThrow(new TypeError(message))
  })
})

describe('the delay before a retry', () => {
  it('is the one of the step, and none when attempts are used up', () => {
    expect([0, 1, 2, 3, 4].map((step) => scheduledDelay(policy, step))).toStrictEqual([
      0,
      1_000,
      5_000,
      undefined,
      undefined,
    ])
    expect([1, 2, 3].map((step) => retryDelay(policy, step, never))).toStrictEqual([
      1_000,
      5_000,
      undefined,
    ])
  })

  it('repeats the last one where there are more attempts than delays', () => {
    const longer = { ...policy, maxAttempts: 5 }
    expect([2, 3, 4, 5].map((step) => scheduledDelay(longer, step))).toStrictEqual([
      5_000,
      5_000,
      5_000,
      undefined,
    ])
  })

  it('ends early where there are fewer attempts than delays', () => {
    expect(scheduledDelay({ ...policy, maxAttempts: 2 }, 1)).toBe(1_000)
    expect(scheduledDelay({ ...policy, maxAttempts: 2 }, 2)).toBeUndefined()
  })

  it('has jitter added, never taken away, in whole milliseconds', () => {
    expect(addJitter(1_000, policy, never)).toBe(1_000)
    expect(addJitter(1_000, policy, () => 0.5)).toBe(1_100)
    expect(addJitter(1_000, policy, () => 0.999_999)).toBe(1_199)
    expect(addJitter(7, policy, () => 0.9)).toBe(8)
    expect(addJitter(0, policy, () => 0.9)).toBe(0)
    expect(addJitter(1_000, { ...policy, jitter: 0 }, () => 0.9)).toBe(1_000)
    expect(retryDelay(policy, 2, () => 0.5)).toBe(5_500)
  })

  it('spreads 10,000 retries of one second over the full 20 %', () => {
    const delays = Array.from({ length: 10_000 }, (_, n) =>
      addJitter(300_000, policy, () => n / 10_000),
    )
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(59_000)
    expect(Math.min(...delays)).toBe(300_000)
  })
})
