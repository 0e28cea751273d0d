import { describe, expect, it } from 'vitest'
import { orderContract } from '../testing/order/contract'
import { memoryOrderSkips } from '../testing/order/memory-skips'
import { memoryOrder } from './memory-order'

orderContract({
  runner: { describe, it },
  name: 'memory',
  clock: 'fake',
  host: { kind: 'none' },
  create: ({ clock }) => memoryOrder({ clock }),
  skip: memoryOrderSkips,
})

describe('memoryOrder', () => {
  const key = (name: string) => ({ source: 's', key: name })

  it('drops the key that was raised longest ago when it is full', () => {
    const store = memoryOrder({ maxKeys: 2 })
    expect(store.advance(key('a'), '1')).toBe(true)
    expect(store.advance(key('b'), '1')).toBe(true)
    expect(store.advance(key('a'), '2')).toBe(true)
    expect(store.advance(key('c'), '1')).toBe(true)
    expect(store.isNewer(key('b'), '1')).toBe(true)
    expect(store.isNewer(key('c'), '1')).toBe(false)
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses %s keys', (maxKeys) => {
    expect(() => memoryOrder({ maxKeys })).toThrow(TypeError)
  })
})
