import { expect, it } from 'vitest'
import { compare, ratioOf } from './report.mjs'

const results = new Map([
  ['base', [{ rate: 100 }, { rate: 50 }]],
  ['half', [{ rate: 50 }, { rate: 25 }]],
  ['other', [{ rate: 200 }, { rate: 100 }]],
])

it('compares each with a baseline of its own', () => {
  const baseline = (name) => (name === 'half' ? 'other' : 'base')
  const ratios = compare(results, { key: 'rate', baseline }).map(({ ratio }) => ratio)
  expect(ratios).toEqual([1, 0.25, 2])
})

it('has a dash where there is no figure, and no ratio without a baseline', () => {
  const [first] = compare(results, { key: 'missing', baseline: 'base' })
  expect(first.value).toBe('–')
  expect(ratioOf(results, 'rate', 'half', 'nobody')).toBeUndefined()
  expect(ratioOf(results, 'rate', 'half', 'base')).toBe(0.5)
})
