import { invalid, type Checked, type InvalidInput } from './checked.ts'
import { MAX_CREDITS, QUOTA_PERIODS, type QuotaDefinition, type QuotaPeriod } from './quota.ts'
import { findTimeZone } from './time-zone.ts'

/** What a key may spend. */
export interface QuotaOptions {
  /** Credits for each period, 1 to 1,000,000,000,000. */
  limit: number
  /** When they come back: each day, week (on Monday) or month, or never. */
  period: QuotaPeriod
  /** An IANA name, `Europe/Berlin`, whose days are meant; `UTC` when left out. */
  timeZone?: string | undefined
  /** Of a month: the day on which they come back, 1 to 31; 1 when left out. 31 is the last day of each month. */
  anchorDay?: number | null | undefined
}

/** What a key may spend from now on. */
export interface QuotaUpdate extends QuotaOptions {
  /** How many credits there are now, up to 1,000,000,000,000. Left out: what was spent stays spent. */
  remaining?: number | undefined
}

/** A checked {@link QuotaUpdate}. */
export type QuotaChange = QuotaDefinition & { readonly remaining?: number }

/** The quota of a new key, which is full. */
export function checkQuota(quota: unknown): Checked<QuotaDefinition | null> {
  if ((quota as QuotaUpdate | null)?.remaining !== undefined) {
    return invalid('quota.remaining', 'cannot be set on a new key, whose quota is full')
  }
  return checkQuotaChange(quota)
}

/** A quota, or null for none. Built anew, so that nothing unknown is stored along. */
export function checkQuotaChange(quota: unknown): Checked<QuotaChange | null> {
  if (quota === null) return { ok: true, value: null }
  if (typeof quota !== 'object') return invalid('quota', 'must be an object or null')
  const {
    limit,
    period,
    timeZone = 'UTC',
    anchorDay,
    remaining,
  } = quota as Record<keyof QuotaUpdate, unknown>
  if (!isWholeNumber(limit, 1)) {
    return invalid('quota.limit', `must be from 1 to ${MAX_CREDITS}, a whole number`)
  }
  if (!QUOTA_PERIODS.includes(period as QuotaPeriod)) {
    return invalid('quota.period', `must be one of ${QUOTA_PERIODS.join(', ')}`)
  }
  if (typeof timeZone !== 'string' || timeZone.length > 64 || findTimeZone(timeZone) === null) {
    return invalid('quota.timeZone', 'must be the IANA name of a time zone, as "Europe/Berlin"')
  }
  const day = checkAnchorDay(anchorDay ?? null, period as QuotaPeriod)
  if (!day.ok) return day
  if (remaining !== undefined && !isWholeNumber(remaining, 0)) {
    return invalid('quota.remaining', `must be from 0 to ${MAX_CREDITS}, a whole number`)
  }
  const definition = { limit, period: period as QuotaPeriod, timeZone, anchorDay: day.value }
  return { ok: true, value: remaining === undefined ? definition : { ...definition, remaining } }
}

function checkAnchorDay(anchorDay: unknown, period: QuotaPeriod): Checked<number | null> | InvalidInput {
  if (period !== 'month') {
    return anchorDay === null
      ? { ok: true, value: null }
      : invalid('quota.anchorDay', 'is for the period "month" only')
  }
  const day = anchorDay ?? 1
  return isWholeNumber(day, 1) && day <= 31
    ? { ok: true, value: day }
    : invalid('quota.anchorDay', 'must be a day of a month, 1 to 31')
}

function isWholeNumber(value: unknown, min: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= MAX_CREDITS
}
