import { describe, expect, it } from 'vitest'
import type { Settlement } from '../model/delivery'
import { fakeClock } from '../testing/fake-clock'
import { createSettler } from './settler'

const settlement = (id: string): Settlement => ({
  lease: { tenantId: 'default', deliveryId: id, attempt: 1, token: '1' },
  next: { status: 'succeeded' },
})

/** A settler whose writes take so long, what it wrote, and how many deliveries are claimed and not settled. */
function openSettler({ tookMs = 0, largest = 500 } = {}) {
  const clock = fakeClock()
  const batches: string[] = []
  let outstanding = 0
  const settler = createSettler({
    clock,
    windowMs: 5,
    largest,
    outstanding: () => outstanding,
    write: async (batch) => {
      batches.push(batch.map(({ lease }) => lease.deliveryId).join(''))
      if (tookMs > 0) await clock.sleep(tookMs)
      return batch.map(() => 'applied')
    },
  })
  const claim = (count: number) => {
    outstanding += count
  }
  const add = async (id: string) => {
    await settler.add(settlement(id))
    outstanding -= 1
  }
  return { clock, batches, claim, add }
}

describe('outcomes', () => {
  it('are written at once when no other can come', async () => {
    const { batches, claim, add } = openSettler()
    claim(1)
    await add('a')
    claim(2)
    await Promise.all([add('b'), add('c')])
    expect(batches).toEqual(['a', 'bc'])
  })

  it('wait five milliseconds for others that may come', async () => {
    const { clock, batches, claim, add } = openSettler()
    claim(3)
    const added = [add('a')]
    await clock.advance(4)
    added.push(add('b'))
    expect(batches).toEqual([])
    await clock.advance(1)
    expect(batches).toEqual(['ab'])
    await Promise.all(added)
  })

  it('are written at once when the batch is full', async () => {
    const { batches, claim, add } = openSettler({ largest: 2 })
    claim(5)
    await Promise.all(['a', 'b'].map(add))
    expect(batches).toEqual(['ab'])
  })

  it('that come one by one share the write after the one that is under way', async () => {
    const { clock, batches, claim, add } = openSettler({ tookMs: 2 })
    claim(1)
    const added = [add('a')]
    for (const id of ['b', 'c', 'd']) {
      await clock.advance(1)
      claim(1)
      added.push(add(id))
    }
    expect(batches).toEqual(['a'])
    await clock.advance(1)
    expect(batches, 'as long as the write took').toEqual(['a', 'bcd'])
    await clock.advance(2)
    await Promise.all(added)
  })

  it('wait no longer than five milliseconds, however long the last write took', async () => {
    const { clock, batches, claim, add } = openSettler({ tookMs: 300 })
    claim(1)
    const added = [add('a')]
    await clock.advance(301)
    claim(1)
    added.push(add('b'))
    await clock.advance(3)
    expect(batches).toEqual(['a'])
    await clock.advance(1)
    expect(batches).toEqual(['a', 'b'])
    claim(1)
    added.push(add('c'))
    await clock.advance(5)
    expect(batches, 'nor for one that hangs').toEqual(['a', 'b', 'c'])
    await clock.advance(300)
    await Promise.all(added)
  })
})
