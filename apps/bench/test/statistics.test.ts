import { expect, test } from 'vitest'
import { quantile, ratioOf, spreadOf } from '../src/statistics.ts'

test('quantiles lie between the values next to them', () => {
  expect(quantile([40, 10, 30, 20], 0.5)).toBe(25)
  expect(quantile([40, 10, 30, 20], 1)).toBe(40)
  expect(spreadOf([1, 2, 3, 4, 5])).toEqual({ median: 3, lowerQuartile: 2, upperQuartile: 4 })
})

test('a ratio compares what was measured in the same round, so that a slow round changes nothing', () => {
  expect(ratioOf([90, 9, 45], [100, 10, 50])).toEqual({ median: 0.9, lowerQuartile: 0.9, upperQuartile: 0.9 })
})
