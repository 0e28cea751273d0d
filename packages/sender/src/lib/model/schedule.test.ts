import { describe, expect, it } from 'vitest'
import type { AttemptOutcome } from '../ports/transport'
import type { Progress } from './delivery'
import {
  type RetryOptions,
  type RetryPolicy,
  resolveRetryPolicy,
  retrySchedules,
} from './retry-schedule'
import { settle } from './settle'

const minute = 60_000
const hour = 60 * minute
const down: AttemptOutcome = {
  kind: 'error',
  errorClass: 'network',
  code: 'ECONNREFUSED',
  message: 'refused',
  durationMs: 0,
}

/** Waits before each further attempt of a delivery whose every attempt fails at once. */
function waits(retry: RetryPolicy, random: () => number): readonly number[] {
  const found: number[] = []
  let progress: Progress = { attempt: 1, lost: 0, soloLost: 0, deferred: 0 }
  let ageMs = 0
  for (;;) {
    const forEver = Number.POSITIVE_INFINITY
    const limits = { disableAfterMs: forEver, probeAfterMs: forEver, probeIntervalMs: forEver }
    const never = { ...limits, directives: false }
    const policy = { retry, ...never, forbiddenIsFinal: true, now: ageMs, random }
    const { next } = settle({ progress, ageMs, health: { state: 'healthy' } }, down, policy)
    if (next.status !== 'pending') {
      expect(next).toEqual({ status: 'failed', reason: 'exhausted' })
      return found
    }
    found.push(next.retryInMs)
    ageMs += next.retryInMs
    progress = { ...progress, attempt: progress.attempt + 1 }
  }
}

const sum = (delays: readonly number[]) => delays.reduce((total, delay) => total + delay, 0)
const waitsOf = (options: RetryOptions, random = () => 0) =>
  waits(resolveRetryPolicy(options), random)

describe('the standard schedule', () => {
  it('is ten attempts over 75 h 35 min 5 s', () => {
    const found = waitsOf(retrySchedules.standard)
    expect(found).toEqual([
      5_000,
      5 * minute,
      30 * minute,
      2 * hour,
      5 * hour,
      10 * hour,
      14 * hour,
      20 * hour,
      24 * hour,
    ])
    expect(sum(found)).toBe(75 * hour + 35 * minute + 5_000)
  })

  it('is as many attempts at the longest jitter, within its 5 days', () => {
    const found = waitsOf(retrySchedules.standard, () => 0.999_999)
    expect(found).toHaveLength(9)
    expect(sum(found)).toBeLessThan(5 * 24 * hour)
    expect(sum(found)).toBeGreaterThan(90 * hour)
  })
})

describe('the schedule for AetherFlow', () => {
  it('is three retries, none of them sooner than a receiver has to answer', () => {
    const found = waitsOf(retrySchedules.aetherflow)
    expect(found).toEqual([30_000, 5 * minute, 30 * minute])
    expect(Math.min(...found)).toBeGreaterThan(10_000)
    expect(resolveRetryPolicy(retrySchedules.aetherflow)).toMatchObject({
      jitter: 0.2,
      maxAge: 24 * hour,
    })
  })
})

describe('the schedule for Honeyframe', () => {
  it('doubles from 30 s, and stays at 4 h', () => {
    const found = waitsOf(retrySchedules.honeyframe)
    expect(found.slice(0, 9)).toEqual(
      [0.5, 1, 2, 4, 8, 16, 32, 64, 128].map((count) => count * minute),
    )
    expect(found.slice(9)).toEqual([4, 4, 4, 4].map((count) => count * hour))
    expect(sum(found)).toBe(20 * hour + 15 * minute + 30_000)
  })

  it.each([0, 0.5, 0.999_999])('gives up within 24 h with %d of its jitter', (share) => {
    expect(resolveRetryPolicy(retrySchedules.honeyframe).jitter).toBe(0.2)
    const total = sum(waitsOf(retrySchedules.honeyframe, () => share))
    expect(total).toBeGreaterThan(20 * hour)
    expect(total).toBeLessThanOrEqual(24 * hour)
  })
})

it('keeps the presets as they are', () => {
  expect(Object.isFrozen(retrySchedules)).toBe(true)
  for (const preset of Object.values(retrySchedules)) {
    expect(Object.isFrozen(preset)).toBe(true)
    expect(Object.isFrozen(preset.schedule)).toBe(true)
  }
})
