import { describe, expect, it } from 'vitest'
import type { Health } from './endpoint'
import { judgeHealth, nextProbe } from './health'

const healthy: Health = { state: 'healthy' }
const failing: Health = { state: 'failing', since: 1_000 }

describe('judgeHealth', () => {
  it('says nothing of a success while healthy', () => {
    expect(judgeHealth(healthy, 'success', 1_000, 500)).toBeUndefined()
  })

  it('begins to fail with the first failure', () => {
    expect(judgeHealth(healthy, 'failure', 1_000, 500)).toStrictEqual({
      from: 'healthy',
      to: 'failing',
    })
  })

  it('says nothing of further failures until disableAfter has passed, and then disables', () => {
    expect(judgeHealth(failing, 'failure', 1_000, 500)).toBeUndefined()
    expect(judgeHealth(failing, 'failure', 1_499, 500)).toBeUndefined()
    expect(judgeHealth(failing, 'failure', 1_500, 500)).toBe('disable')
    expect(judgeHealth(failing, 'failure', 9_999, 500)).toBe('disable')
  })

  it('heals with one success, however late', () => {
    expect(judgeHealth(failing, 'success', 1_001, 500)).toStrictEqual({
      from: 'failing',
      to: 'healthy',
    })
    expect(judgeHealth(failing, 'success', 9_999, 500)).toStrictEqual({
      from: 'failing',
      to: 'healthy',
    })
  })

  it('never disables an endpoint that succeeds now and then', () => {
    let health: Health = healthy
    for (let now = 0; now < 100_000; now += 100) {
      const change = judgeHealth(health, now % 400 === 0 ? 'success' : 'failure', now, 500)
      expect(change).not.toBe('disable')
      if (typeof change === 'object')
        health = change.to === 'failing' ? { state: 'failing', since: now } : healthy
    }
  })
})

describe('nextProbe', () => {
  const policy = { disableAfterMs: 1e9, probeAfterMs: 30_000, probeIntervalMs: 300_000 }
  const after = (failingFor: number, random = 0) =>
    nextProbe(failing, { ...policy, now: 1_000 + failingFor, random: () => random })

  it('says nothing while healthy, or before the endpoint has long been failing', () => {
    expect(nextProbe(healthy, { ...policy, now: 1e12, random: () => 0 })).toBeUndefined()
    expect(after(29_999)).toBeUndefined()
  })

  it('waits a tenth of the time of failing, and never longer than the longest wait', () => {
    expect(after(30_000)).toBe(3_000)
    expect(after(600_000)).toBe(60_000)
    expect(after(3_000_000)).toBe(300_000)
    expect(after(86_400_000)).toBe(300_000)
  })

  it('waits a second at least, unless the longest wait is shorter', () => {
    const soon = { ...policy, probeAfterMs: 0, now: 1_000, random: () => 0 }
    expect(nextProbe(failing, soon)).toBe(1_000)
    expect(nextProbe(failing, { ...soon, probeIntervalMs: 200 })).toBe(200)
  })

  it('comes up to a fifth sooner by chance', () => {
    expect(after(600_000, 0.5)).toBe(54_000)
    expect(after(86_400_000, 0.999_999)).toBe(240_000)
  })
})
