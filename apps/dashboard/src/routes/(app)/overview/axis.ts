export const chartHeight = 120

/** The value at the top of the axis: a round number that no bar exceeds and whose half is round as well; 4 at least. */
export function axisTop(values: number[]): number {
  const highest = Math.max(4, ...values)
  const power = 10 ** Math.floor(Math.log10(highest))
  return (
    [1, 1.2, 1.6, 2, 3, 4, 6, 8, 10].map((times) => times * power).find((top) => top >= highest) ?? highest
  )
}

/** What happened once shows, however small beside the rest. */
export const heightOf = (value: number, top: number): number =>
  value === 0 ? 0 : Math.max((value / top) * chartHeight, 1.5)
