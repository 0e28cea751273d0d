import type { EndpointRecord } from '@posthorn/sender'
import { describe, expect, it } from 'vitest'
import { createDatabase } from '../database'
import { LaneMemory } from './memory'

/** A memory over a database in which each search takes so long, and finds one lane unless told otherwise. */
function memoryOf(costMs: number) {
  let now = 0
  let lanes: readonly unknown[] = [[1, 'acme', false]]
  const query = async () => {
    now += costMs
    return { rows: [{ result: JSON.stringify({ now: 5, suspects: false, lanes, dueIn: 0 }) }] }
  }
  const memory = new LaneMemory(createDatabase({ query }, 'posthorn'), () => now)
  return {
    memory,
    pass(ms: number) {
      now += ms
    },
    finds(found: readonly unknown[]) {
      lanes = found
    },
  }
}

describe('a search', () => {
  it('comes first while no lane is known', async () => {
    const { memory } = memoryOf(2)
    expect(memory.isDueForSearch()).toBe(true)
    expect(await memory.search()).toEqual({ now: 5, suspects: false, dueIn: 0 })
    expect(memory.lanes.plan(1, 1, 1).lanes).toEqual([1])
  })

  it('takes no more than a twentieth of the time where it may find more', async () => {
    const { memory, pass } = memoryOf(2)
    await memory.search()
    memory.wake([7])
    pass(39)
    expect(memory.isDueForSearch()).toBe(false)
    pass(2)
    expect(memory.isDueForSearch()).toBe(true)
  })

  it('comes before each claim that may miss something when it is short', async () => {
    const { memory } = memoryOf(0.5)
    await memory.search()
    memory.wake([7])
    expect(memory.isDueForSearch()).toBe(true)
  })

  it('waits while all that came is remembered', async () => {
    const { memory, pass } = memoryOf(0.5)
    await memory.search()
    pass(99)
    expect(memory.isDueForSearch()).toBe(false)
    pass(2)
    expect(memory.isDueForSearch()).toBe(true)
  })

  it('is wanted again by what is nowhere remembered', async () => {
    const { memory } = memoryOf(0.5)
    await memory.search()
    memory.wake([1])
    expect(memory.isDueForSearch()).toBe(false)
    memory.wake([7])
    expect(memory.isDueForSearch()).toBe(true)
    await memory.search()
    expect(memory.isDueForSearch()).toBe(false)
    await memory.doubting(Promise.resolve())
    expect(memory.isDueForSearch()).toBe(true)
  })

  it('fails when its answer is none of ours', async () => {
    const { memory, finds } = memoryOf(1)
    finds([['1', 'acme', false]])
    await expect(memory.search()).rejects.toMatchObject({ code: 'store_failed' })
  })
})

describe('lanes', () => {
  it('that got work are known by it', () => {
    const { memory } = memoryOf(1)
    memory.know(endpoint)
    memory.sent([{ tenantId: 'acme', endpointId: 'ep_1' }])
    expect(memory.lanes.plan(1, 1, 1).lanes).toEqual([3])
  })

  it('are failing once their endpoint is', () => {
    const { memory } = memoryOf(1)
    memory.know(endpoint)
    memory.sent([{ tenantId: 'acme', endpointId: 'ep_1' }])
    memory.remember(endpoint)
    expect(memory.lanes.plan(1, 1, 0).lanes).toEqual([])
    expect(memory.endpoints.get(3)).toBe(endpoint)
  })
})

const endpoint: EndpointRecord = {
  tenantId: 'acme',
  id: 'ep_1',
  seq: 3,
  revision: 1,
  createdAt: 0,
  updatedAt: 0,
  url: 'https://example.com',
  eventTypes: ['*'],
  status: 'enabled',
  health: { state: 'failing', since: 0 },
  headers: {},
  secrets: [],
  metadata: {},
}
