import { expect, it } from 'vitest'
import { median, quantile, ratios, spread } from './statistics.mjs'

it('the median is the middle value, whatever the order', () => {
  expect(median([9, 1, 10])).toBe(9)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([])).toBeNaN()
})

it('a quantile is one of the values', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  expect(quantile(values, 0.5)).toBe(50)
  expect(quantile(values, 0.99)).toBe(99)
  expect(quantile(values, 1)).toBe(100)
  expect(quantile([7], 0)).toBe(7)
  expect(quantile([], 0.5)).toBeNaN()
})

it('the spread is the distance of the extremes in medians', () => {
  expect(spread([90, 100, 110])).toBeCloseTo(0.2)
  expect(spread([5, 5])).toBe(0)
})

it('ratios are taken within a round, so that a slow round does not count', () => {
  expect(ratios([50, 5, 60], [100, 10, 100])).toEqual([0.5, 0.5, 0.6])
})
