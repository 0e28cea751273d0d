import { describe, expect, it } from 'vitest'
import { isEventType, isMessageId } from './names'

describe('isEventType', () => {
  it.each(['a', 'run.completed', 'A-1._b.c', '1', '__proto__', 'x'.repeat(128)])(
    '%j is one',
    (name) => {
      expect(isEventType(name)).toBe(true)
    },
  )

  it.each(['', '.', 'a.', '.a', 'a..b', 'a b', 'run.*', 'é', 'a\n', 'a/b', 'x'.repeat(129)])(
    '%j is none',
    (name) => {
      expect(isEventType(name)).toBe(false)
    },
  )

  it('is quick about a hostile name', () => {
    const start = performance.now()
    expect(isEventType(`${'a.'.repeat(5_000_000)}!`)).toBe(false)
    expect(isEventType(`${'-'.repeat(127)}!`)).toBe(false)
    expect(performance.now() - start).toBeLessThan(200)
  })
})

describe('isMessageId', () => {
  it.each(['a', 'msg_1-B', 'x'.repeat(128)])('%j is one', (id) => {
    expect(isMessageId(id)).toBe(true)
  })

  it.each(['', 'a.b', 'a b', 'a\n', 'é', 'x'.repeat(129)])('%j is none', (id) => {
    expect(isMessageId(id)).toBe(false)
  })
})
