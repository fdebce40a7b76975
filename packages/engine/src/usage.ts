import type { JudgeableKey } from './verdict.ts'

/** When each key, by id, last opened something, in milliseconds. */
export type LastUses = ReadonlyMap<string, number>

/** Uses that wait while the store is away. Beyond it the newest are dropped; the keys themselves still work. */
const MAX_PENDING = 50_000

/**
 * Notes when keys were used, in memory, until they are stored together: a request never writes.
 */
export interface UsageRecorder {
  /** Notes an accepted use. */
  record(key: JudgeableKey, nowMs: number): void
  /** Stores what was noted since the last flush. What could not be stored is kept for the next one. */
  flush(): Promise<void>
}

/** Makes a recorder that hands its notes to `save`, one call a flush. */
export function createUsageRecorder(save: (uses: LastUses) => Promise<void>): UsageRecorder {
  let pending = new Map<string, number>()

  return {
    record(judgeable, nowMs) {
      const { id } = judgeable.key
      if (pending.size < MAX_PENDING || pending.has(id)) pending.set(id, nowMs)
    },
    async flush() {
      if (pending.size === 0) return
      const uses = pending
      pending = new Map()
      try {
        await save(uses)
      } catch (error) {
        for (const [id, usedAt] of pending) uses.set(id, usedAt)
        pending = uses
        throw error
      }
    },
  }
}
