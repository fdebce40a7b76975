import { invalid, type Checked, type InvalidInput } from './checked.ts'
import { parseUsageQuery, type UsageInterval, type UsageQuery, type UsageRange } from './usage-query.ts'
import type { UsageCounts, UsageBucket } from './usage-series.ts'

/** How many keys' usage is told at once, at most. */
export const MAX_USAGE_KEYS = 100
export const DEFAULT_TOP_KEYS = 10
/** More are refused when the usage of several keys is asked for: ten thousand in one reply are enough. */
export const MAX_BUCKETS_OF_KEYS = 100

/** The usage of which keys to tell, and in which span of time. */
export interface KeysUsageQuery extends UsageQuery {
  /** At most 100 ids. Left out: those with the most requests in this time. */
  ids?: readonly string[] | undefined
  /** How many of those with the most requests, 1 to 100; 10 when left out. */
  limit?: number | undefined
}

/** How often one of several keys was used. */
export interface KeyUsage extends UsageCounts {
  id: string
  name: string
  /** In order, without gaps. */
  data: UsageBucket[]
}

/** How often several keys were used over the same time. */
export interface KeysUsage {
  interval: UsageInterval
  timeZone: string
  /** When the first bucket begins. */
  from: Date
  /** When the last bucket ends. */
  to: Date
  keys: KeyUsage[]
}

/**
 * The outcome of asking for the usage of several keys: in the order of the ids, without those that are no keys of the
 * owner's; or the busiest first, also revoked ones, without those that had no requests.
 */
export type KeysUsageResult = { ok: true; usage: KeysUsage } | InvalidInput

/** Which keys the store looks up. */
export type UsedKeys = { ids: readonly string[] } | { busiest: number }

/** Checks what was asked. */
export function parseKeysUsageQuery(
  { ids, limit, ...query }: KeysUsageQuery,
  nowMs: number,
): Checked<{ keys: UsedKeys; range: UsageRange }> {
  if (ids !== undefined && (ids.length < 1 || ids.length > MAX_USAGE_KEYS)) {
    return invalid('ids', `must be 1 to ${MAX_USAGE_KEYS}`)
  }
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1 || limit > MAX_USAGE_KEYS)) {
    return invalid('limit', `must be a whole number from 1 to ${MAX_USAGE_KEYS}`)
  }
  if (ids !== undefined && limit !== undefined) return invalid('limit', 'does not go with ids')
  const parsed = parseUsageQuery(query, nowMs)
  if (!parsed.ok) return parsed
  const range = parsed.value
  if (range.starts.length > MAX_BUCKETS_OF_KEYS) {
    return invalid('from', `would make a series of more than ${MAX_BUCKETS_OF_KEYS} buckets for each key`)
  }
  const keys = ids === undefined ? { busiest: limit ?? DEFAULT_TOP_KEYS } : { ids: [...new Set(ids)] }
  return { ok: true, value: { keys, range } }
}
