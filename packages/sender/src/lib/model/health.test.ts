import { describe, expect, it } from 'vitest'
import type { Health } from './endpoint'
import { judgeHealth } from './health'

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
