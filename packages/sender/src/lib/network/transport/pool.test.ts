import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Pool } from './pool'
import type { Target } from './route'
import { createSecure } from './secure'
import { realTimers } from './timers'

const target = (name: string): Target => {
  const origin = `https://${name}`
  return { key: origin, origin, hostname: name, port: 443, secure: true }
}

// Nothing is dispatched here, so nothing is dialled.
const pool = (most: number) =>
  new Pool(
    {
      vet: () => Promise.reject(new Error('dialled')),
      dial: () => new Socket(),
      secure: createSecure({}),
      development: false,
      timers: realTimers,
      http2: false,
    },
    most,
  )

describe('Pool', () => {
  it('gives the last used of an origin, and never another origin’s', () => {
    const sockets = pool(10)
    const [a, b] = [sockets.take(target('a')), sockets.take(target('a'))]
    expect(a).not.toBe(b)
    sockets.give(a)
    sockets.give(b)
    expect(sockets.take(target('b'))).not.toBe(b)
    expect(sockets.take(target('a'))).toBe(b)
    expect(sockets.take(target('a'))).toBe(a)
    expect(sockets.size).toEqual({ slots: 3, origins: 2 })
  })

  it('drops the longest idle to make room, and leaves nothing of an origin behind', () => {
    const sockets = pool(3)
    const taken = ['a', 'b', 'c'].map((name) => sockets.take(target(name)))
    for (const slot of taken) sockets.give(slot)
    sockets.take(target('d'))
    expect(sockets.size).toEqual({ slots: 3, origins: 3 })
    expect(sockets.take(target('c'))).toBe(taken[2])
    expect(sockets.take(target('b'))).toBe(taken[1])
    expect(sockets.take(target('a'))).not.toBe(taken[0])
  })

  it('never keeps a request waiting: busy ones may exceed the bound, and go when they are done', () => {
    const sockets = pool(2)
    const busy = Array.from({ length: 5 }, () => sockets.take(target('a')))
    expect(sockets.size.slots).toBe(5)
    for (const slot of busy) sockets.give(slot)
    expect(sockets.size).toEqual({ slots: 2, origins: 1 })
  })

  it('forgets what is discarded, idle or busy, once', () => {
    const sockets = pool(5)
    const [idle, busy] = [sockets.take(target('a')), sockets.take(target('a'))]
    sockets.give(idle)
    sockets.discard(idle)
    sockets.discard(idle)
    expect(sockets.size).toEqual({ slots: 1, origins: 1 })
    const next = sockets.take(target('a'))
    expect([idle, busy]).not.toContain(next)
    sockets.discard(next)
    sockets.discard(busy)
    sockets.give(busy)
    expect(sockets.size).toEqual({ slots: 0, origins: 0 })
    expect(sockets.take(target('a'))).not.toBe(busy)
  })

  it('closes', async () => {
    const sockets = pool(5)
    sockets.give(sockets.take(target('a')))
    sockets.take(target('b'))
    await sockets.close()
    expect(sockets.size).toEqual({ slots: 0, origins: 0 })
  })
})
