/** Which stretch of time to look at, in steps of which length. */
export const periods = {
  day: { interval: 'hour', hours: 24 },
  week: { interval: 'hour', hours: 7 * 24 },
  month: { interval: 'day', hours: 30 * 24 },
} as const

export type Period = keyof typeof periods

export const periodNames = Object.keys(periods) as Period[]

export const readPeriod = (text: string | null): Period => periodNames.find((name) => name === text) ?? 'day'

const hourMs = 3600_000
const stepMs = { hour: hourMs, day: 24 * hourMs }

/** What to ask the API for: the steps up to the present one, which has only begun. */
export function usageQuery(period: Period, timeZone: string, nowMs: number) {
  const { interval, hours } = periods[period]
  return {
    interval,
    timeZone,
    from: new Date(nowMs - hours * hourMs + stepMs[interval]).toISOString(),
  }
}
