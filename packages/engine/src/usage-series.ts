import { assertIdentity } from './identity.ts'
import type { InvalidInput } from './checked.ts'
import { parseKeysUsageQuery, type KeysUsageQuery, type KeysUsageResult } from './usage-of-keys.ts'
import type { StoredCounts } from './postgres/usage-read.ts'
import type { UsageStore } from './postgres/usage-store.ts'
import type { UsageRetentionDays } from './usage-retention.ts'
import {
  checkKept,
  parseUsageQuery,
  type UsageInterval,
  type UsageQuery,
  type UsageRange,
} from './usage-query.ts'

/** How many requests there were with a key. */
export interface UsageCounts {
  total: number
  accepted: number
  /** How many were refused, by reason; reasons that did not occur are left out. */
  refused: Record<string, number>
}

/** One span of time in a series. */
export interface UsageBucket extends UsageCounts {
  start: Date
}

/** How often a key, or all keys of an owner, were used over time. Includes the totals of all buckets. */
export interface UsageSeries extends UsageCounts {
  interval: UsageInterval
  timeZone: string
  /** When the first bucket begins. */
  from: Date
  /** When the last bucket ends. */
  to: Date
  /** In order, without gaps. */
  data: UsageBucket[]
}

/** The outcome of asking for usage. */
export type UsageResult =
  { ok: true; series: UsageSeries } | InvalidInput | { ok: false; reason: 'not_found' }

/**
 * Tells how often keys were used, up to some seconds ago. Every call names the owner whose keys it is about, and
 * reaches no other's. Each rejects with StoreUnavailable when the database does not do its part.
 */
export interface Usage {
  /** The usage of one key, also of a revoked one. */
  ofKey(owner: string, id: string, query?: UsageQuery): Promise<UsageResult>
  /** The usage of all keys the owner has or ever had. */
  ofOwner(owner: string, query?: UsageQuery): Promise<Exclude<UsageResult, { reason: 'not_found' }>>
  /** The usage of several keys side by side: of those that are named, or of the busiest. */
  ofKeys(owner: string, query?: KeysUsageQuery): Promise<KeysUsageResult>
}

/** What {@link createUsage} needs from outside. */
export interface UsageOptions {
  store: UsageStore
  usageRetentionDays: UsageRetentionDays
  now: () => number
}

/** Makes the reading side of one namespace's usage. */
export function createUsage({ store, usageRetentionDays, now }: UsageOptions): Usage {
  function tell(range: UsageRange, { deletedBeforeMs, counts }: StoredCounts, nowMs: number) {
    const lost = checkKept(range, usageRetentionDays, { nowMs, deletedBeforeMs })
    return lost ?? { ok: true as const, series: { ...spanOf(range), ...toCounts(range, counts) } }
  }

  return {
    async ofKey(owner, id, query = {}) {
      assertIdentity(owner)
      const nowMs = now()
      const parsed = parseUsageQuery(query, nowMs)
      if (!parsed.ok) return parsed
      const stored = await store.readKey(owner, id, parsed.value)
      return stored === null ? { ok: false, reason: 'not_found' } : tell(parsed.value, stored, nowMs)
    },

    async ofOwner(owner, query = {}) {
      assertIdentity(owner)
      const nowMs = now()
      const parsed = parseUsageQuery(query, nowMs)
      if (!parsed.ok) return parsed
      return tell(parsed.value, await store.readOwner(owner, parsed.value), nowMs)
    },

    async ofKeys(owner, query = {}) {
      assertIdentity(owner)
      const nowMs = now()
      const parsed = parseKeysUsageQuery(query, nowMs)
      if (!parsed.ok) return parsed
      const { keys: wanted, range } = parsed.value
      const { deletedBeforeMs, keys } = await store.readKeys(owner, wanted, range)
      const lost = checkKept(range, usageRetentionDays, { nowMs, deletedBeforeMs })
      if (lost !== null) return lost
      const told = keys.map(({ id, name, counts }) => ({ id, name, ...toCounts(range, counts) }))
      return { ok: true, usage: { ...spanOf(range), keys: told } }
    },
  }
}

function spanOf({ interval, timeZone, starts, endMs }: UsageRange) {
  return { interval, timeZone, from: new Date(starts[0]!), to: new Date(endMs) }
}

function toCounts({ starts }: UsageRange, counts: StoredCounts['counts']) {
  const totals: UsageCounts = { total: 0, accepted: 0, refused: {} }
  const data = starts.map((start) => ({ start: new Date(start), total: 0, accepted: 0, refused: {} }))
  for (const [bucket, outcome, count] of counts) {
    add(data[bucket]!, outcome, count)
    add(totals, outcome, count)
  }
  return { ...totals, data }
}

function add(counts: UsageCounts, outcome: string, count: number): void {
  counts.total += count
  if (outcome === 'accepted') counts.accepted += count
  else counts.refused[outcome] = (counts.refused[outcome] ?? 0) + count
}
