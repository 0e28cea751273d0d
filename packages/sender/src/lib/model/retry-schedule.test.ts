import { describe, expect, it } from 'vitest'
import {
  checkRetryRule,
  type RetryPolicy,
  resolveRetryPolicy,
  retrySchedules,
} from './retry-schedule'

const day = 86_400_000
/** Options as a caller without types gives them. */
const untyped = (text: string) => JSON.parse(text)

const policy: RetryPolicy = {
  schedule: [0, 1_000, 5_000],
  jitter: 0.2,
  maxAttempts: 3,
  maxAge: day,
}

describe('resolveRetryPolicy', () => {
  it('fills what is absent from the standard schedule', () => {
    const standard = {
      schedule: [
        0, 5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000,
        86_400_000,
      ],
      jitter: 0.2,
      maxAttempts: 10,
      maxAge: 5 * day,
    }
    expect(resolveRetryPolicy({})).toStrictEqual(standard)
    expect(Object.isFrozen(resolveRetryPolicy({}).schedule)).toBe(true)
    expect(resolveRetryPolicy(retrySchedules.standard)).toStrictEqual(standard)
  })

  it('takes each option', () => {
    expect(
      resolveRetryPolicy({ schedule: ['0ms', '1s'], jitter: 0, maxAttempts: 7, maxAge: '2h' }),
    ).toStrictEqual({ schedule: [0, 1_000], jitter: 0, maxAttempts: 7, maxAge: 7_200_000 })
  })

  it('fills from the base, but counts attempts by a schedule of its own', () => {
    expect(resolveRetryPolicy({}, policy)).toStrictEqual(policy)
    expect(resolveRetryPolicy({ jitter: 0 }, policy)).toStrictEqual({ ...policy, jitter: 0 })
    expect(resolveRetryPolicy({ maxAttempts: 2 }, policy)).toStrictEqual({
      ...policy,
      maxAttempts: 2,
    })
    expect(resolveRetryPolicy({ maxAge: '1s' }, policy)).toStrictEqual({ ...policy, maxAge: 1_000 })
    expect(resolveRetryPolicy({ schedule: ['0s'] }, policy)).toStrictEqual({
      ...policy,
      schedule: [0],
      maxAttempts: 1,
    })
    expect(resolveRetryPolicy({ schedule: ['0s'], maxAttempts: 4 }, policy).maxAttempts).toBe(4)
  })

  it('is frozen, and leaves the options as they were', () => {
    const schedule = ['0s', '1s'] as const
    const resolved = resolveRetryPolicy({ schedule })
    expect(Object.isFrozen(resolved)).toBe(true)
    expect(Object.isFrozen(resolved.schedule)).toBe(true)
    expect(Object.isFrozen(schedule)).toBe(false)
  })

  it.each([
    ['{"jitter":0}', { jitter: 0 }],
    ['{"jitter":1}', { jitter: 1 }],
    ['{"maxAttempts":1}', { maxAttempts: 1 }],
    ['{"maxAttempts":100}', { maxAttempts: 100 }],
    ['{"maxAge":"1ms"}', { maxAge: 1 }],
    ['{"maxAge":"365d"}', { maxAge: 365 * day }],
  ])('takes the bounds: %s', (text, expected) => {
    expect(resolveRetryPolicy(untyped(text))).toMatchObject(expected)
  })

  it('takes 100 delays', () => {
    const schedule = Array.from({ length: 100 }, () => '0s' as const)
    expect(resolveRetryPolicy({ schedule }).maxAttempts).toBe(100)
  })

  const attempts = 'retry.maxAttempts must be a whole number from 1 to 100'
  const jitter = 'retry.jitter must be a number from 0 to 1'
  const schedule = 'retry.schedule must be an array of 1 to 100 durations'
  it.each([
    ['[]', 'retry must be an object'],
    ['null', 'retry must be an object'],
    ['"5s"', 'retry must be an object'],
    ['{"retries":3}', 'retry: unknown option "retries"'],
    ['{"byType":{}}', 'retry: unknown option "byType"'],
    ['{"schedule":[]}', schedule],
    ['{"schedule":"0s"}', schedule],
    ['{"schedule":null}', schedule],
    ['{"schedule":["5s"]}', "retry.schedule[0] must be '0s': the first attempt is made at once"],
    ['{"jitter":-0.01}', jitter],
    ['{"jitter":1.01}', jitter],
    ['{"jitter":"0.5"}', jitter],
    ['{"jitter":null}', jitter],
    ['{"maxAttempts":0}', attempts],
    ['{"maxAttempts":101}', attempts],
    ['{"maxAttempts":1.5}', attempts],
    ['{"maxAttempts":"3"}', attempts],
    ['{"maxAttempts":null}', attempts],
    ['{"maxAge":"0s"}', 'retry.maxAge must be longer than 0'],
  ])('refuses %s', (text, message) => {
    expect(() => resolveRetryPolicy(untyped(text))).toThrow(new TypeError(message))
  })

  it('refuses NaN and Infinity', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => resolveRetryPolicy({ jitter: bad })).toThrow(jitter)
      expect(() => resolveRetryPolicy({ maxAttempts: bad })).toThrow(attempts)
    }
  })

  it.each([
    ['{"schedule":["0s","-5s"]}', 'retry.schedule[1] '],
    ['{"schedule":["0s","5s",60]}', 'retry.schedule[2] '],
    ['{"schedule":["0s",null]}', 'retry.schedule[1] '],
    ['{"schedule":["0s","366d"]}', 'retry.schedule[1] '],
    ['{"maxAge":"-1s"}', 'retry.maxAge '],
    ['{"maxAge":"366d"}', 'retry.maxAge '],
    ['{"maxAge":"NaNs"}', 'retry.maxAge '],
  ])('names the bad duration in %s', (text, name) => {
    expect(thrown(() => resolveRetryPolicy(untyped(text)))).toMatch(name)
  })

  it('refuses 101 delays, and a hole', () => {
    const many = Array.from({ length: 101 }, () => '0s' as const)
    expect(() => resolveRetryPolicy({ schedule: many })).toThrow(schedule)
    expect(thrown(() => resolveRetryPolicy({ schedule: new Array(1) }))).toMatch(
      'retry.schedule[0] ',
    )
  })

  it('says where a rule stands', () => {
    expect(() => resolveRetryPolicy({ jitter: 2 }, policy, 'endpoint.retry')).toThrow(
      'endpoint.retry.jitter must be a number from 0 to 1',
    )
  })
})

describe('checkRetryRule', () => {
  it('answers what the rule says, in milliseconds, and nothing else', () => {
    expect(Object.keys(checkRetryRule({}))).toStrictEqual([])
    expect(checkRetryRule({ schedule: ['0s', '2m'] })).toStrictEqual({ schedule: [0, 120_000] })
    const all = checkRetryRule({ schedule: ['0s'], jitter: 0.1, maxAttempts: 3, maxAge: '1d' })
    expect(all).toStrictEqual({ schedule: [0], jitter: 0.1, maxAttempts: 3, maxAge: day })
    expect(Object.isFrozen(all)).toBe(true)
  })

  it('is called retry unless told otherwise', () => {
    expect(() => checkRetryRule({ jitter: 2 })).toThrow('retry.jitter must be a number from 0 to 1')
    expect(() => checkRetryRule({ jitter: 2 }, 'rule')).toThrow(
      'rule.jitter must be a number from 0 to 1',
    )
  })
})

function thrown(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof TypeError) return error.message
    throw error
  }
  return 'nothing was thrown'
}
