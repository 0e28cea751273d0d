import { describe, expect, it } from 'vitest'
import { Places } from './places'

describe('places', () => {
  const both = ['a', 'b']

  it('are asked for at once while every handler may have what is free', () => {
    const places = new Places(4, 4)
    expect(places.asks(both, 3)).toEqual([{ handlers: both, limit: 3 }])
    expect(places.asks(both, 0)).toEqual([])
    expect(places.asks([], 3)).toEqual([])
  })

  it('of a handler near its share are asked for apart and first, never beyond the share', () => {
    const places = new Places(6, 3)
    places.take('a', both)
    places.take('a', both)
    expect(places.asks(both, 3)).toEqual([
      { handlers: ['a'], limit: 1 },
      { handlers: ['b'], limit: 3 },
    ])
    places.take('b', both)
    expect(places.asks(both, 3)).toEqual([{ handlers: both, limit: 1 }])
  })

  it('of a handler that has its share are not asked for until one comes free', () => {
    const places = new Places(4, undefined)
    const [first, second] = [places.take('a', both), places.take('a', both)]
    expect(places.asks(both, 2)).toEqual([{ handlers: ['b'], limit: 2 }])
    expect([first(), second()]).toEqual([true, false])
    expect(places.asks(both, 2)).toEqual([{ handlers: both, limit: 2 }])
  })

  it.each([
    [5, 2, 3],
    [4, 2, 2],
    [1, 2, 1],
    [5, 1, 5],
  ])('of %i, with %i handlers, %i are for each', (all, count, share) => {
    const handlers = ['a', 'b'].slice(0, count)
    const most = Math.max(...new Places(all, undefined).asks(handlers, all).map((a) => a.limit))
    expect(most).toBe(share)
  })
})
