import type { TombstoneStore } from './postgres/tombstone-store.ts'

const DAY_MS = 86_400_000
/** One batch at a time, so that a year's worth is felt by nobody. */
const INTERVAL_MS = 10_000
/** An hour between purges, once nothing is left to delete. */
const INTERVALS_PER_PURGE = 360

/** What {@link keepPurging} needs from outside. */
export interface PurgeUpkeepOptions {
  store: TombstoneStore
  /** null: for ever. */
  revokedKeyRetentionDays: number | null
  now: () => number
  onError: (error: Error) => void
}

/**
 * Deletes keys that were revoked long enough ago, a batch every ten seconds while there are any. It keeps no process
 * alive.
 *
 * @returns stops it, once what is under way has ended.
 */
export function keepPurging(options: PurgeUpkeepOptions): () => Promise<void> {
  const { store, revokedKeyRetentionDays: days, now, onError } = options
  if (days === null) return () => Promise.resolve()
  const keptMs = days * DAY_MS
  let intervalsUntilPurge = 0
  let work: Promise<void> | null = null

  async function purgeNowAndThen(): Promise<void> {
    if (intervalsUntilPurge-- > 0) return
    const nowMs = now()
    const isMore = await store.purge(new Date(nowMs - keptMs), new Date(nowMs))
    intervalsUntilPurge = isMore ? 0 : INTERVALS_PER_PURGE
  }

  const timer = setInterval(() => {
    work ??= purgeNowAndThen()
      .catch(onError)
      .finally(() => (work = null))
  }, INTERVAL_MS).unref()

  return async function stop() {
    clearInterval(timer)
    await work
  }
}
