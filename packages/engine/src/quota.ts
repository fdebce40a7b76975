import { StoreUnavailable } from './store-unavailable.ts'
import { findTimeZone } from './time-zone.ts'

/** How often the credits of a quota come back. */
export type QuotaPeriod = 'never' | 'day' | 'week' | 'month'

/** Every period, for schemas and checks. */
export const QUOTA_PERIODS: readonly QuotaPeriod[] = ['never', 'day', 'week', 'month']

export const MAX_CREDITS = 1_000_000_000_000

/** How many credits a key may spend, and in which time. */
export interface QuotaDefinition {
  /** 1 to 1,000,000,000,000. A request takes one credit, unless its route says that it costs more. */
  readonly limit: number
  readonly period: QuotaPeriod
  /** The IANA name of the time zone in which days, weeks and months begin. */
  readonly timeZone: string
  /**
   * The day on which a month's credits come back, 1 to 31; in a month that is shorter, its last day. Null when the
   * period is no month.
   */
  readonly anchorDay: number | null
}

/** A quota and how it stands. */
export interface Quota extends QuotaDefinition {
  /** Credits that are left. Those which a node has taken to spend soon count as spent until it gives them back. */
  readonly remaining: number
  /** When it is filled up to its limit again; null for never. */
  readonly refillsAt: Date | null
}

/** How a quota was left by whatever touched it last. */
export interface StoredQuota extends QuotaDefinition {
  readonly remaining: number
  /** When its period ends, after which it is full again; null for never. */
  readonly endsAtMs: number | null
}

/** A span of time for which a quota is filled once. It begins with its first moment and ends before its last. */
export interface Period {
  readonly startMs: number
  readonly endMs: number
}

const DAY_MS = 86_400_000

/**
 * The period that has this moment; null when it never ends.
 *
 * @throws StoreUnavailable when this process does not know the time zone, which another one knew.
 */
export function periodAt(
  { period, timeZone, anchorDay }: Omit<QuotaDefinition, 'limit'>,
  ms: number,
): Period | null {
  if (period === 'never') return null
  const zone = findTimeZone(timeZone)
  if (zone === null) throw new StoreUnavailable(`The time zone ${timeZone} of a quota is not known here.`)
  const today = zone.dayOf(ms)
  const [first, next] = daysOf(period, today, anchorDay ?? 1)
  return { startMs: zone.startOf(first), endMs: zone.startOf(next) }
}

/** The first day of a period and that of the one after it. */
function daysOf(period: 'day' | 'week' | 'month', today: number, anchorDay: number): [number, number] {
  if (period === 'day') return [today, today + 1]
  if (period === 'week') {
    // Day 0 was a Thursday.
    const monday = today - ((today + 3) % 7)
    return [monday, monday + 7]
  }
  const date = new Date(today * DAY_MS)
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth()
  const refill = refillDay(month, anchorDay)
  return today >= refill
    ? [refill, refillDay(month + 1, anchorDay)]
    : [refillDay(month - 1, anchorDay), refill]
}

/** @param month counted from the year 0. */
function refillDay(month: number, anchorDay: number): number {
  const [year, index] = [Math.floor(month / 12), month % 12]
  const lastDay = new Date(Date.UTC(year, index + 1, 0)).getUTCDate()
  return Date.UTC(year, index, Math.min(anchorDay, lastDay)) / DAY_MS
}

/** How a quota stands at a moment: one whose period is over is full, though nothing has filled it yet. */
export function quotaAt(stored: StoredQuota, nowMs: number): Quota {
  const { limit, period, timeZone, anchorDay } = stored
  const isFull = isOver(stored, nowMs)
  const endsAtMs = isFull ? periodAt(stored, nowMs)!.endMs : stored.endsAtMs
  return {
    limit,
    period,
    timeZone,
    anchorDay,
    remaining: isFull ? limit : stored.remaining,
    refillsAt: endsAtMs === null ? null : new Date(endsAtMs),
  }
}

/** A quota of which nothing was spent yet: its first period is the one that has the present moment, whenever that is. */
export function fullQuota(definition: QuotaDefinition): StoredQuota {
  return {
    ...definition,
    remaining: definition.limit,
    endsAtMs: definition.period === 'never' ? null : -Infinity,
  }
}

/** What a quota becomes by a change. */
export interface Redefined extends StoredQuota {
  /** Credits are counted anew: what nodes took before can neither be spent nor given back. */
  readonly isAllottedAnew: boolean
}

/**
 * Changes a quota. What was spent stays spent, so that a greater limit gives as many credits as it is greater, unless
 * `remaining` says how many there shall be.
 */
export function redefine(
  current: StoredQuota | null,
  { remaining, ...definition }: QuotaDefinition & { readonly remaining?: number | undefined },
  nowMs: number,
): Redefined {
  const endsAtMs = periodAt(definition, nowMs)?.endMs ?? null
  const anew = (credits: number) => ({ ...definition, remaining: credits, endsAtMs, isAllottedAnew: true })
  if (remaining !== undefined) return anew(remaining)
  if (current === null || isOver(current, nowMs)) return anew(definition.limit)
  const left = current.remaining + definition.limit - current.limit
  return {
    ...anew(Math.min(Math.max(left, 0), MAX_CREDITS)),
    isAllottedAnew: !hasSamePeriods(current, definition),
  }
}

function isOver({ endsAtMs }: StoredQuota, nowMs: number): boolean {
  return endsAtMs !== null && endsAtMs <= nowMs
}

function hasSamePeriods(a: QuotaDefinition, b: QuotaDefinition): boolean {
  return a.period === b.period && a.timeZone === b.timeZone && a.anchorDay === b.anchorDay
}
