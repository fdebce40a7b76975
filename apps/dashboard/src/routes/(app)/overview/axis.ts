export const chartHeight = 120

/** The value at the top of the axis: the least of 1, 2 or 5 times a power of ten that no bar exceeds, and 4 at least. */
export function axisTop(values: number[]): number {
  const highest = Math.max(4, ...values)
  const power = 10 ** Math.floor(Math.log10(highest))
  return [1, 2, 5, 10].map((times) => times * power).find((top) => top >= highest) ?? highest
}

/** What happened once shows, however small beside the rest. */
export const heightOf = (value: number, top: number): number =>
  value === 0 ? 0 : Math.max((value / top) * chartHeight, 1.5)
