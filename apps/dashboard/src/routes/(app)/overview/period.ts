/** How far back the overview looks, in steps of which length. */
export const periods = {
  week: { interval: 'day', steps: 7 },
  day: { interval: 'hour', steps: 24 },
} as const

export type Period = keyof typeof periods

export const periodNames = Object.keys(periods) as Period[]

export const readPeriod = (text: string | null): Period => periodNames.find((name) => name === text) ?? 'week'

const stepMs = { hour: 3600_000, day: 24 * 3600_000 }

/** When the first step of a period begins; the last one is under way. */
export function startOf(period: Period, nowMs: number): string {
  const { interval, steps } = periods[period]
  return new Date(nowMs - (steps - 1) * stepMs[interval]).toISOString()
}
