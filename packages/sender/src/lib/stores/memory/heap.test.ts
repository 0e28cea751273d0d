import { describe, expect, it } from 'vitest'
import { Heap, type HeapItem } from './heap'

interface Numbered extends HeapItem {
  readonly value: number
}

const item = (value: number): Numbered => ({ value, slot: -1 })
const create = () => new Heap<Numbered>((a, b) => a.value < b.value)

describe('Heap', () => {
  it('pops what comes first', () => {
    const heap = create()
    for (const value of [5, 3, 8, 1, 9, 2]) heap.push(item(value))
    expect(heap.size).toBe(6)
    expect(heap.peek()?.value).toBe(1)
    expect(drain(heap)).toEqual([1, 2, 3, 5, 8, 9])
    expect(heap.pop()).toBeUndefined()
  })

  it('takes any item out, and leaves foreign ones alone', () => {
    const heap = create()
    const items = [4, 7, 2, 9].map(item)
    for (const each of items) heap.push(each)
    const [four, , two] = items
    if (!four || !two) return expect.unreachable()
    heap.remove(two)
    heap.remove(two)
    expect(heap.has(two)).toBe(false)
    expect(heap.has(four)).toBe(true)
    heap.remove({ value: 4, slot: four.slot })
    expect(drain(heap)).toEqual([4, 7, 9])
  })

  it('agrees with a sorted array through any pushes and removals', () => {
    const random = generator(7)
    for (let round = 0; round < 200; round += 1) {
      const heap = create()
      const model: Numbered[] = []
      for (let step = 0; step < 60; step += 1) {
        const victim = model[Math.floor(random() * model.length)]
        if (victim && random() < 0.4) {
          heap.remove(victim)
          model.splice(model.indexOf(victim), 1)
        } else {
          const added = item(Math.floor(random() * 1000))
          heap.push(added)
          model.push(added)
        }
        expect(heap.peek()?.value).toBe(
          model.length === 0 ? undefined : Math.min(...model.map(({ value }) => value)),
        )
      }
      const sorted = model.map(({ value }) => value).sort((a, b) => a - b)
      expect(drain(heap)).toEqual(sorted)
    }
  })
})

function drain(heap: Heap<Numbered>): number[] {
  const values: number[] = []
  for (let next = heap.pop(); next; next = heap.pop()) values.push(next.value)
  return values
}

/** Numbers in [0, 1), the same on each run. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}
