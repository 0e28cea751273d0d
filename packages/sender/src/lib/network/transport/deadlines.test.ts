import { describe, expect, it } from 'vitest'
import { createDeadlines } from './deadlines'
import { fakeTimers } from './fake-timers'

function setUp() {
  const timers = fakeTimers()
  const deadlines = createDeadlines(timers)
  const expired: string[] = []
  const owner = (name: string) => ({ expired: () => void expired.push(name) })
  return { timers, deadlines, expired, owner }
}

describe('deadlines', () => {
  it('expire within a tick of their time, and never before', async () => {
    const { timers, deadlines, expired, owner } = setUp()
    deadlines.add(100, owner('a'))
    await timers.advance(99)
    expect(expired).toEqual([])
    await timers.advance(51)
    expect(expired).toEqual(['a'])
  })

  it('expire a tick later after a stall, so that an answer which arrived meanwhile is read first', async () => {
    const { timers, deadlines, expired, owner } = setUp()
    const answered = deadlines.add(100, owner('answered'))
    deadlines.add(100, owner('silent'))
    timers.stall(3_000)
    await timers.advance(1)
    expect(expired).toEqual([])
    deadlines.remove(answered)
    await timers.advance(50)
    expect(expired).toEqual(['silent'])
  })

  it('expire in a process that is always late', async () => {
    const { timers, deadlines, expired, owner } = setUp()
    deadlines.add(100, owner('a'))
    for (let turn = 0; turn < 2; turn += 1) {
      timers.stall(1_000)
      await timers.advance(1)
    }
    expect(expired).toEqual(['a'])
  })

  it('that begin after a long rest expire in their time', async () => {
    const { timers, deadlines, expired, owner } = setUp()
    timers.stall(10_000)
    deadlines.add(40, owner('a'))
    await timers.advance(50)
    expect(expired).toEqual(['a'])
  })

  it('of several durations expire each in its order', async () => {
    const { timers, deadlines, expired, owner } = setUp()
    deadlines.add(400, owner('slow'))
    deadlines.add(100, owner('a'))
    await timers.advance(60)
    deadlines.add(100, owner('b'))
    await timers.advance(60)
    expect(expired).toEqual(['a'])
    await timers.advance(80)
    expect(expired).toEqual(['a', 'b'])
    await timers.advance(300)
    expect(expired).toEqual(['a', 'b', 'slow'])
  })

  it.each([0, 1, 2])('can be taken out anywhere in the list (%d)', async (at) => {
    const { timers, deadlines, expired, owner } = setUp()
    const names = ['a', 'b', 'c']
    const entries = names.map((name) => deadlines.add(100, owner(name)))
    const entry = entries[at]
    if (entry !== undefined) deadlines.remove(entry)
    expect(deadlines.size).toBe(2)
    await timers.advance(200)
    expect(expired).toEqual(names.filter((_, index) => index !== at))
  })

  it('are told once, and removing them twice does nothing', async () => {
    const { timers, deadlines, expired, owner } = setUp()
    const gone = deadlines.add(100, owner('gone'))
    const due = deadlines.add(100, owner('due'))
    deadlines.remove(gone)
    deadlines.remove(gone)
    await timers.advance(500)
    deadlines.remove(due)
    expect(expired).toEqual(['due'])
    expect(deadlines.size).toBe(0)
  })

  it('share one timer, which stops when nothing waits and starts again', async () => {
    const { timers, deadlines, expired, owner } = setUp()
    expect(timers.set).toBe(0)
    for (let each = 0; each < 100; each++) deadlines.add(100 + each, owner('x'))
    expect(timers.set).toBe(1)
    await timers.advance(300)
    expect(expired).toHaveLength(100)
    expect(timers.set).toBe(0)
    deadlines.add(50, owner('again'))
    await timers.advance(110)
    expect(expired.at(-1)).toBe('again')
    expect(timers.set).toBe(0)
  })

  it('may be added while others expire', async () => {
    const { timers, deadlines, expired, owner } = setUp()
    deadlines.add(50, { expired: () => void deadlines.add(50, owner('next')) })
    await timers.advance(60)
    expect(deadlines.size).toBe(1)
    await timers.advance(110)
    expect(expired).toEqual(['next'])
  })
})
