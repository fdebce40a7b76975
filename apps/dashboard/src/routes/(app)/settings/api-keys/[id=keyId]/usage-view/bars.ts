import type { ApiKeyUsage } from '@latchkey/client'
import { countGroups, groupNames, type OutcomeGroup } from './outcomes.ts'

export interface Bar {
  start: string
  total: number
  counts: Record<OutcomeGroup, number>
  /** From the bottom up, in units of which the chart is {@link chartHeight} high. */
  parts: { group: OutcomeGroup; y: number; height: number }[]
}

export const chartHeight = 120

/** The value at the top of the axis: the least of 1, 2 or 5 times a power of ten that no bar exceeds, and 4 at least. */
export function axisTop(data: ApiKeyUsage['data']): number {
  const highest = Math.max(4, ...data.map(({ total }) => total))
  const power = 10 ** Math.floor(Math.log10(highest))
  return [1, 2, 5, 10].map((times) => times * power).find((top) => top >= highest) ?? highest
}

export function stack(data: ApiKeyUsage['data'], top: number): Bar[] {
  return data.map((bucket) => {
    const counts = countGroups(bucket)
    let y = chartHeight
    const parts = groupNames.flatMap((group) => {
      if (counts[group] === 0) return []
      // What happened once shows, however small beside the rest.
      const height = Math.max((counts[group] / top) * chartHeight, 1.5)
      y = Math.max(y - height, 0)
      return [{ group, y, height }]
    })
    return { start: bucket.start, total: bucket.total, counts, parts }
  })
}
