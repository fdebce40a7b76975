import { invalid, type Checked, type InvalidInput } from './checked.ts'
import { findTimeZone, type TimeZone } from './time-zone.ts'
import { keptSince, RESOLUTIONS, type Resolution, type UsageRetentionDays } from './usage-retention.ts'

/** How long one bucket of a series is. */
export type UsageInterval = 'minute' | 'hour' | 'day'

export const USAGE_INTERVALS: readonly UsageInterval[] = ['minute', 'hour', 'day']
/** More are refused. */
export const MAX_USAGE_BUCKETS = 1_500

/** Which span of time to tell the usage of, and how finely. */
export interface UsageQuery {
  /** The series begins with the bucket that has this moment. Left out: an hour, a day or 30 days before its end. */
  from?: Date | undefined
  /** The series ends with the bucket that has the last moment before this one. Left out: now. */
  to?: Date | undefined
  /** `day` when left out. */
  interval?: UsageInterval | undefined
  /** An IANA name, `Europe/Berlin`, whose hours and days are meant; `UTC` when left out. */
  timeZone?: string | undefined
}

/** The buckets of a series, and what is stored that they can be made of. Moments are milliseconds since 1970. */
export interface UsageRange {
  readonly interval: UsageInterval
  readonly timeZone: string
  /** When each bucket begins. Never empty. */
  readonly starts: readonly number[]
  /** When the last bucket ends. */
  readonly endMs: number
  readonly resolution: Resolution
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const MAX_MS = Date.parse('9999-12-31T00:00:00Z')

/** How far a series goes back when nothing is said about it: 60 minutes, 24 hours or 30 days with the current one. */
const DEFAULT_SPAN_MS: Readonly<Record<UsageInterval, number>> = {
  minute: 59 * MINUTE_MS,
  hour: 23 * 60 * MINUTE_MS,
  day: 29 * DAY_MS,
}

/** Checks what was asked, and cuts it into buckets. Whether all of it is still kept is for {@link checkKept} to say. */
export function parseUsageQuery(query: UsageQuery, nowMs: number): Checked<UsageRange> {
  const { interval = 'day', timeZone = 'UTC' } = query
  if (!USAGE_INTERVALS.includes(interval)) {
    return invalid('interval', `must be one of ${USAGE_INTERVALS.join(', ')}`)
  }
  const zone = findTimeZone(timeZone)
  if (zone === null) {
    return invalid(
      'timeZone',
      `must be the IANA name of a time zone, as "Europe/Berlin"; there is no "${timeZone}"`,
    )
  }
  const to = query.to?.getTime() ?? Math.min(nowMs + 1, MAX_MS)
  if (!isMoment(to)) return invalid('to', 'must be a moment from 1970 to 9999')
  const from = query.from?.getTime() ?? Math.max(to - 1 - DEFAULT_SPAN_MS[interval], 0)
  if (!isMoment(from)) return invalid('from', 'must be a moment from 1970 to 9999')
  if (from >= to) return invalid('from', 'must be before the end of the series')

  const buckets = cut(from, to, bucketsOf(interval, zone))
  if (buckets === null) {
    const advice = interval === 'day' ? 'ask for less time' : 'ask for less time or for a longer interval'
    return invalid('from', `would make a series of more than ${MAX_USAGE_BUCKETS} buckets; ${advice}`)
  }
  return { ok: true, value: { interval, timeZone, ...buckets, resolution: coarsest(buckets) } }
}

/**
 * Refuses a range whose beginning is not kept any more: a zero would be a lie.
 *
 * @param deletedBeforeMs what is known to have been deleted, if anything.
 */
export function checkKept(
  { starts, resolution, interval }: UsageRange,
  retention: UsageRetentionDays,
  { nowMs, deletedBeforeMs }: { nowMs: number; deletedBeforeMs: number },
): InvalidInput | null {
  const since = Math.max(keptSince(retention[resolution], nowMs), deletedBeforeMs)
  if (starts[0]! >= since) return null
  const beginning = new Date(since).toISOString()
  const advice =
    resolution === 'day'
      ? ''
      : interval === 'minute'
        ? '; ask for hours or days'
        : '; of older ones only the days of the time zone UTC are kept'
  return invalid(
    'from',
    `must not be in a bucket that begins before ${beginning}, when what is kept begins${advice}`,
  )
}

function isMoment(ms: number): boolean {
  return ms >= 0 && ms <= MAX_MS
}

interface Buckets {
  readonly startOf: (ms: number) => number
  readonly endOf: (ms: number) => number
}

function bucketsOf(interval: UsageInterval, zone: TimeZone): Buckets {
  if (interval === 'hour') return { startOf: zone.startOfHour, endOf: zone.endOfHour }
  if (interval === 'day') return { startOf: zone.startOfDay, endOf: zone.endOfDay }
  const startOf = (ms: number) => Math.floor(ms / MINUTE_MS) * MINUTE_MS
  return { startOf, endOf: (ms) => startOf(ms) + MINUTE_MS }
}

/** Buckets from the one with `from` to the one with the last moment before `to`; null when they are too many. */
function cut(from: number, to: number, { startOf, endOf }: Buckets) {
  const starts: number[] = []
  let endMs = startOf(from)
  while (endMs < to) {
    if (starts.push(endMs) > MAX_USAGE_BUCKETS) return null
    endMs = endOf(endMs)
  }
  return { starts, endMs }
}

/** The coarsest resolution of which every bucket is made up whole. Zones' offsets are whole minutes since 1972. */
function coarsest({ starts, endMs }: { starts: readonly number[]; endMs: number }): Resolution {
  for (const [resolution, ms] of Object.entries(RESOLUTIONS) as [Resolution, number][]) {
    if (endMs % ms === 0 && starts.every((start) => start % ms === 0)) return resolution
  }
  return 'minute'
}
