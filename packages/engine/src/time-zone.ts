const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** No zone is farther from UTC. */
const MAX_OFFSET_MS = 15 * HOUR_MS

/** Where the hours and days of a time zone begin. Moments are milliseconds since 1970. */
export interface TimeZone {
  readonly name: string
  /** When the hour that has this moment began. Where clocks change by less than an hour, one begins with the change. */
  readonly startOfHour: (ms: number) => number
  /** When the hour that has this moment ends. */
  readonly endOfHour: (ms: number) => number
  /** When the day that has this moment began: at midnight, or right after it where clocks skip midnight. */
  readonly startOfDay: (ms: number) => number
  /** When the day that has this moment ends, 23 to 25 hours after it began. */
  readonly endOfDay: (ms: number) => number
  /** Which day of the calendar has this moment, counted from 1 January 1970. */
  readonly dayOf: (ms: number) => number
  /** When a day of the calendar begins. One that clocks skip begins with the next. */
  readonly startOf: (day: number) => number
}

/** The zone of this IANA name, `Europe/Berlin`; null when there is none. */
export function findTimeZone(name: string): TimeZone | null {
  const format = clockOf(name)
  if (format === null) return null

  /** What to add to UTC to get the time on the wall. */
  function offsetAt(ms: number): number {
    if (name === 'UTC') return 0
    const part: Record<string, number> = {}
    for (const { type, value } of format!.formatToParts(ms)) part[type] = Number(value)
    const { year, month, day, hour, minute, second } = part
    return Date.UTC(year!, month! - 1, day, hour, minute, second) - Math.floor(ms / 1_000) * 1_000
  }

  const dayAt = (ms: number) => Math.floor((ms + offsetAt(ms)) / DAY_MS)

  /** The change of clocks between two moments whose offsets differ. */
  function changeBetween(before: number, after: number): number {
    const offset = offsetAt(before)
    return firstMinute(before, after, (ms) => offsetAt(ms) !== offset)
  }

  function beginningOf(day: number): number {
    const noon = day * DAY_MS + DAY_MS / 2
    const midnight = day * DAY_MS - offsetAt(noon - offsetAt(noon))
    if (dayAt(midnight) === day && dayAt(midnight - 1) < day) return midnight
    const searchFrom = day * DAY_MS - MAX_OFFSET_MS
    return firstMinute(searchFrom, searchFrom + 2 * MAX_OFFSET_MS, (ms) => dayAt(ms) >= day)
  }

  return {
    name,
    startOfHour(ms) {
      const offset = offsetAt(ms)
      const start = Math.floor((ms + offset) / HOUR_MS) * HOUR_MS - offset
      return offsetAt(start) === offset ? start : changeBetween(start, ms)
    },
    endOfHour(ms) {
      const offset = offsetAt(ms)
      const end = (Math.floor((ms + offset) / HOUR_MS) + 1) * HOUR_MS - offset
      return offsetAt(end) === offset ? end : changeBetween(ms, end)
    },
    startOfDay: (ms) => beginningOf(dayAt(ms)),
    endOfDay: (ms) => beginningOf(dayAt(ms) + 1),
    dayOf: dayAt,
    startOf: beginningOf,
  }
}

function clockOf(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    return null
  }
}

/** The first whole minute in (before, after] for which it holds, when it holds from some minute on. */
function firstMinute(before: number, after: number, holds: (ms: number) => boolean): number {
  let low = Math.floor(before / MINUTE_MS)
  let high = Math.ceil(after / MINUTE_MS)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (holds(middle * MINUTE_MS)) high = middle
    else low = middle
  }
  return high * MINUTE_MS
}
