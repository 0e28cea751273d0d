import { describe, expect, it, vi } from 'vitest'
import { fakeClock } from '../testing/fake-clock'
import { afterTurn, createBatcher, restBy } from './batcher'

/** Notes what it was given, and answers it. */
function recordingWrite() {
  const batches: (readonly string[])[] = []
  const write = async (items: readonly string[]): Promise<readonly string[]> => {
    batches.push(items)
    return items
  }
  return { batches, write }
}

describe('a batcher', () => {
  const begin = afterTurn

  it('writes what separate callbacks of one turn gave together', async () => {
    const { batches, write } = recordingWrite()
    const batcher = createBatcher(write, { largest: 500, begin })
    const given = ['a', 'b', 'c'].map(
      (item) =>
        new Promise((resolve) => {
          setImmediate(() => resolve(batcher.add(item)))
        }),
    )
    expect(await Promise.all(given)).toEqual(['a', 'b', 'c'])
    expect(batches).toEqual([['a', 'b', 'c']])
  })

  it('writes what came during a write together, and no more at once than it may', async () => {
    const { batches, write } = recordingWrite()
    const batcher = createBatcher(
      async (items: readonly string[]) => {
        if (items.includes('a')) later.push(...['b', 'c', 'd'].map((item) => batcher.add(item)))
        return write(items)
      },
      { largest: 2, begin },
    )
    const later: Promise<string>[] = []
    expect(await batcher.add('a')).toBe('a')
    expect(await Promise.all(later)).toEqual(['b', 'c', 'd'])
    expect(batches).toEqual([['a'], ['b', 'c'], ['d']])
  })

  it('tells each giver of a batch that failed, and writes the next', async () => {
    const { write } = recordingWrite()
    const batcher = createBatcher(
      async (items: readonly string[]) => {
        if (items.includes('bad')) throw new Error('disk full')
        return write(items)
      },
      { largest: 500, begin },
    )
    const failed = await Promise.allSettled([batcher.add('bad'), batcher.add('beside')])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await batcher.add('next')).toBe('next')
  })

  it('needs no timers that a test has faked', async () => {
    vi.useFakeTimers()
    try {
      const { write } = recordingWrite()
      expect(await createBatcher(write, { largest: 500, begin }).add('a')).toBe('a')
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('a batcher whose writes block', () => {
  function openBatcher() {
    const clock = fakeClock()
    const { batches, write } = recordingWrite()
    const blocking = async (items: readonly string[]) => {
      await clock.advance(3)
      return write(items)
    }
    const rest = { ...clock, longestMs: 5 }
    const batcher = createBatcher(blocking, { largest: 500, begin: afterTurn, rest })
    return { clock, batches, batcher }
  }

  it('rests for as long as the last write took, so that what comes one by one gathers', async () => {
    const { clock, batches, batcher } = openBatcher()
    await batcher.add('a')
    await turn()
    const later = [batcher.add('b')]
    await clock.advance(2)
    later.push(batcher.add('c'))
    await turn()
    expect(batches).toEqual([['a']])
    await clock.advance(1)
    await Promise.all(later)
    expect(batches).toEqual([['a'], ['b', 'c']])
  })

  it('begins at once when it has rested', async () => {
    const { clock, batches, batcher } = openBatcher()
    await batcher.add('a')
    await turn()
    await clock.advance(3)
    await batcher.add('b')
    expect(batches).toEqual([['a'], ['b']])
  })

  it('rests by no timers that a test has faked', async () => {
    vi.useFakeTimers()
    try {
      const { write } = recordingWrite()
      let time = 0
      const rest = restBy({ now: () => (time += 1) })
      const batcher = createBatcher(write, { largest: 500, begin: afterTurn, rest })
      await batcher.add('a')
      expect(vi.getTimerCount()).toBe(0)
      expect(await batcher.add('b')).toBe('b')
    } finally {
      vi.useRealTimers()
    }
  })

  it('does not hold up those who come again as soon as they were answered', async () => {
    const { batches, batcher } = openBatcher()
    const caller = async (name: string) => {
      for (const round of [1, 2, 3]) await batcher.add(`${name}${round}`)
    }
    await Promise.all([caller('a'), caller('b')])
    expect(batches).toEqual([
      ['a1', 'b1'],
      ['a2', 'b2'],
      ['a3', 'b3'],
    ])
  })
})

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
