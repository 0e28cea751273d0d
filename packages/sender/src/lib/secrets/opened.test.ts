import { describe, expect, it } from 'vitest'
import { createOpened } from './opened'

const owner = { tenantId: 'acme', endpointId: 'ep_1' }
const until = Number.POSITIVE_INFINITY

describe('what was opened', () => {
  it('is kept within a bound, and longest what is used', () => {
    const opened = createOpened(10)
    opened.set('used', { owner, value: 'used', until })
    for (let count = 0; count < 100; count += 1) {
      opened.set(`s${count}`, { owner, value: `${count}`, until })
      expect(opened.get('used', owner, 0)).toBe('used')
    }
    const kept = Array.from({ length: 100 }, (_, count) => opened.get(`s${count}`, owner, 0))
    expect(kept.filter((value) => value !== undefined).length).toBeLessThanOrEqual(20)
  })

  it('is not kept past its time', () => {
    const opened = createOpened()
    opened.set('sealed', { owner, value: 'open', until: 1_000 })
    expect(opened.get('sealed', owner, 999)).toBe('open')
    expect(opened.get('sealed', owner, 1_000)).toBeUndefined()
  })

  it('is dropped only if nothing newer took its place', () => {
    const opened = createOpened()
    const failed = Promise.reject(new TypeError('no'))
    failed.catch(() => {})
    opened.set('sealed', { owner, value: failed, until })
    opened.set('sealed', { owner, value: 'newer', until })
    opened.drop('sealed', failed)
    expect(opened.get('sealed', owner, 0)).toBe('newer')
    opened.drop('sealed', 'newer')
    expect(opened.get('sealed', owner, 0)).toBeUndefined()
  })
})
