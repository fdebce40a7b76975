const DAY_MS = 86_400_000

/** For how many days counts of each resolution are kept. */
export interface UsageRetentionDays {
  readonly minute: number
  readonly quarterHour: number
  readonly day: number
}

/** What counts are stored by: the minute, the quarter of an hour (the offset of every time zone is one), the UTC day. */
export type Resolution = keyof UsageRetentionDays

/** Every resolution with its length in milliseconds, coarsest first. */
export const RESOLUTIONS: Readonly<Record<Resolution, number>> = {
  day: DAY_MS,
  quarterHour: 900_000,
  minute: 60_000,
}

const DEFAULT_RETENTION_DAYS: UsageRetentionDays = { minute: 7, quarterHour: 90, day: 730 }
const MAX_RETENTION_DAYS = 36_500

/** Fills in what was left out. @throws Error, a sentence for the developer. */
export function resolveRetention(given: Partial<UsageRetentionDays> | undefined): UsageRetentionDays {
  const days = { ...DEFAULT_RETENTION_DAYS, ...given }
  for (const [resolution, value] of Object.entries(days)) {
    if (!Object.hasOwn(RESOLUTIONS, resolution)) {
      throw new Error(
        `usageRetentionDays must be of ${Object.keys(RESOLUTIONS).join(', ')}, not ${resolution}.`,
      )
    }
    if (!Number.isSafeInteger(value) || value < 1 || value > MAX_RETENTION_DAYS) {
      throw new Error(
        `usageRetentionDays.${resolution} must be a whole number from 1 to ${MAX_RETENTION_DAYS}.`,
      )
    }
  }
  if (days.minute > days.quarterHour || days.quarterHour > days.day) {
    throw new Error('usageRetentionDays must be longer, or the same, for what is counted by longer spans.')
  }
  return Object.freeze(days)
}

/**
 * The moment from which on counts are kept, in milliseconds. A day earlier than the number of days says, so that
 * whole days are there in every time zone.
 */
export function keptSince(days: number, nowMs: number): number {
  return (Math.floor(nowMs / DAY_MS) - days - 1) * DAY_MS
}
