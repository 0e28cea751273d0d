import { describe, expect, it } from 'vitest'
import { type FoundLane, Lanes } from './lanes'

const lane = (id: number, tenantId = 'acme', failing = false): FoundLane => ({
  id,
  tenantId,
  failing,
})

function lanesOf(...found: readonly FoundLane[]): Lanes {
  const lanes = new Lanes()
  lanes.replace(found, lanes.moment)
  return lanes
}

/** Plans, and has each of the first lanes give its quota and keep more. Answers whom it served. */
function serve(lanes: Lanes, slots: number, failingLimit = 1_000, left = 1): readonly number[] {
  const plan = lanes.plan(slots, 1_000, failingLimit)
  const served = plan.lanes.slice(0, Math.min(plan.first, slots))
  const found = new Map(served.map((id) => [id, { taken: plan.quota, left }]))
  lanes.learn(plan, { seen: served.length, busy: new Set(), found })
  return served
}

const times = (count: number, lanes: Lanes, slots: number, failingLimit?: number) =>
  Array.from({ length: count }, () => serve(lanes, slots, failingLimit))

describe('turns', () => {
  it('of two tenants alternate, however many lanes one of them has', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => lane(index + 1))
    const lanes = lanesOf(...many, lane(2_000, 'beta'))
    expect(times(6, lanes, 1)).toEqual([[1], [2_000], [2], [2_000], [3], [2_000]])
  })

  it('give the tenant with one lane a place in every claim of two slots', () => {
    const lanes = lanesOf(
      ...Array.from({ length: 9 }, (_, index) => lane(index + 1)),
      lane(10, 'b'),
    )
    for (const served of times(9, lanes, 2)) expect(served).toContain(10)
  })

  it('go round the lanes of a tenant', () => {
    const lanes = lanesOf(lane(1), lane(2), lane(3))
    expect(times(4, lanes, 1).flat()).toEqual([1, 2, 3, 1])
  })

  it('reach every tenant before any has a second one', () => {
    const lanes = lanesOf(lane(1, 'a'), lane(2, 'b'), lane(3, 'c'), lane(4, 'd'), lane(5, 'e'))
    expect(lanes.plan(2, 10, 10)).toMatchObject({ quota: 1, first: 2 })
    expect(times(5, lanes, 2)).toEqual([
      [1, 2],
      [3, 4],
      [5, 1],
      [2, 3],
      [4, 5],
    ])
  })

  it('put one that comes late behind one turn of each other', () => {
    const lanes = lanesOf(lane(1, 'a'), lane(2, 'b'))
    serve(lanes, 1)
    lanes.join(lane(3, 'c'))
    expect(times(3, lanes, 1).flat()).toEqual([2, 1, 3])
  })

  it('of failing lanes stand apart, within their share', () => {
    const lanes = lanesOf(lane(1), lane(2, 'acme', true), lane(3, 'beta', true))
    expect(times(3, lanes, 3, 1)).toEqual([
      [1, 2],
      [3, 1],
      [2, 1],
    ])
    expect(lanes.plan(3, 10, 0).lanes).toEqual([1])
  })
})

describe('quotas', () => {
  it('let a tenant with one lane use its share beside one with many, up to the cap', () => {
    const many = Array.from({ length: 200 }, (_, index) => lane(index + 1))
    const plan = lanesOf(...many, lane(500, 'beta')).plan(100, 10, 10)
    expect(plan.quotas[plan.lanes.indexOf(500)]).toBe(10)
    expect(new Set(plan.lanes.map((id, index) => id !== 500 && plan.quotas[index]))).toEqual(
      new Set([false, 4]),
    )
  })

  it('fill the slots from the lanes there are', () => {
    expect(lanesOf(lane(1)).plan(100, 1_000, 10)).toMatchObject({
      lanes: [1],
      quota: 100,
      first: 1,
    })
    expect(lanesOf(lane(1), lane(2)).plan(5, 10, 10)).toMatchObject({ quota: 3, first: 2 })
  })

  it('are several where one tenant has more lanes than there are slots, and never more than the cap', () => {
    const lanes = lanesOf(...Array.from({ length: 100 }, (_, index) => lane(index + 1)))
    expect(lanes.plan(40, 100, 10)).toMatchObject({ quota: 4, first: 10 })
    expect(lanes.plan(40, 2, 10)).toMatchObject({ quota: 2, first: 20 })
  })

  it('name a bounded number of lanes', () => {
    const lanes = lanesOf(...Array.from({ length: 5_000 }, (_, index) => lane(index, `t${index}`)))
    expect(lanes.plan(10, 10, 10).lanes.length).toBeLessThanOrEqual(28)
    expect(lanes.plan(4_000, 10, 10).lanes.length).toBeLessThanOrEqual(512)
  })

  it('are none without a slot or a lane', () => {
    expect(lanesOf(lane(1)).plan(0, 10, 10).lanes).toEqual([])
    expect(new Lanes().plan(10, 10, 10).lanes).toEqual([])
  })
})

describe('what a claim found', () => {
  it('drops a lane that has nothing more, until it is woken', () => {
    const lanes = lanesOf(lane(1), lane(2))
    expect(serve(lanes, 1, 10, 0)).toEqual([1])
    expect(times(2, lanes, 1).flat()).toEqual([2, 2])
    expect(lanes.wake(1)).toBe(true)
    expect(times(2, lanes, 1).flat()).toEqual([2, 1])
    expect(lanes.wake(9)).toBe(false)
  })

  it('leaves who was passed over where it is', () => {
    const lanes = lanesOf(lane(1), lane(2))
    const plan = lanes.plan(2, 10, 10)
    const found = new Map([
      [1, { taken: 0, left: 1 }],
      [2, { taken: 1, left: 1 }],
    ])
    lanes.learn(plan, { seen: 2, busy: new Set(), found })
    expect(lanes.plan(2, 10, 10).lanes).toEqual([1, 2])
  })

  it('puts a lane that another session was at to the end', () => {
    const lanes = lanesOf(lane(1), lane(2))
    lanes.learn(lanes.plan(2, 10, 10), { seen: 1, busy: new Set([1]), found: new Map() })
    expect(lanes.plan(2, 10, 10).lanes).toEqual([2, 1])
  })

  it('keeps no lane that a search did not find', () => {
    const lanes = lanesOf(lane(1), lane(2))
    lanes.replace([lane(2)], lanes.moment)
    expect(lanes.plan(2, 10, 10).lanes).toEqual([2])
    lanes.replace([], lanes.moment)
    expect(lanes.isEmpty).toBe(true)
  })

  it('moves a lane whose endpoint began to fail', () => {
    const lanes = lanesOf(lane(1))
    lanes.join(lane(1, 'acme', true))
    expect(lanes.plan(2, 10, 0).lanes).toEqual([])
    expect(lanes.plan(2, 10, 1).lanes).toEqual([1])
  })
})

describe('work that comes while the database is asked', () => {
  it('keeps its lane in line, whatever the claim under way found there', () => {
    const lanes = lanesOf(lane(1), lane(2, 'beta'))
    const plan = lanes.plan(2, 10, 10)
    lanes.wakeOwned({ id: 2, tenantId: 'beta' })
    lanes.join(lane(2, 'beta', true))
    lanes.learn(plan, { seen: 2, busy: new Set(), found: new Map() })
    expect(lanes.plan(2, 10, 10).lanes).toEqual([2])
    lanes.learn(lanes.plan(2, 10, 10), { seen: 1, busy: new Set(), found: new Map() })
    expect(lanes.isEmpty).toBe(true)
  })

  it('keeps its lane in line, though the search under way did not see it', () => {
    const lanes = lanesOf(lane(1))
    const { moment } = lanes
    lanes.wakeOwned({ id: 2, tenantId: 'beta' })
    lanes.replace([lane(1)], moment)
    expect(lanes.plan(4, 10, 10).lanes).toEqual([1, 2])
    lanes.replace([lane(1)], lanes.moment)
    expect(lanes.plan(4, 10, 10).lanes).toEqual([1])
  })
})
