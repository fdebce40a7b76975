import type { UsageStore } from './postgres/usage-store.ts'
import { keptSince, type UsageRetentionDays } from './usage-retention.ts'
import type { UsageRecorder } from './usage.ts'

/** What a crash can lose at most. */
const FLUSH_INTERVAL_MS = 10_000
/** How long somebody waits to see the first request with a new key. */
const YOUNG_INTERVAL_MS = 500
/** An hour between sweeps, once nothing is left to delete. */
const FLUSHES_PER_SWEEP = 360

/** What {@link keepUsage} needs from outside. */
export interface UsageUpkeepOptions {
  recorder: UsageRecorder
  store: UsageStore
  usageRetentionDays: UsageRetentionDays
  now: () => number
  onError: (error: Error) => void
}

/**
 * Stores what was counted every ten seconds, what young keys have begun to count sooner, and deletes what was kept long
 * enough now and then. It keeps no process alive.
 *
 * @returns stops it, after storing what is left.
 */
export function keepUsage(options: UsageUpkeepOptions): () => Promise<void> {
  const { recorder, store, usageRetentionDays, now, onError } = options
  let flushesUntilSweep = 0
  let work: Promise<void> | null = null

  async function sweepNowAndThen(): Promise<void> {
    if (flushesUntilSweep-- > 0) return
    const nowMs = now()
    const isMore = await store.sweep({
      minute: keptSince(usageRetentionDays.minute, nowMs),
      quarterHour: keptSince(usageRetentionDays.quarterHour, nowMs),
      day: keptSince(usageRetentionDays.day, nowMs),
    })
    flushesUntilSweep = isMore ? 0 : FLUSHES_PER_SWEEP
  }

  const timer = setInterval(() => {
    const flushed = recorder.flush()
    // Trouble with one that was under way already is told by whoever began it.
    flushed.catch(() => undefined)
    work ??= flushed
      .then(sweepNowAndThen)
      .catch(onError)
      .finally(() => (work = null))
  }, FLUSH_INTERVAL_MS).unref()
  const youngTimer = setInterval(() => {
    recorder.flushYoung().catch(onError)
  }, YOUNG_INTERVAL_MS).unref()

  return async function stop() {
    clearInterval(timer)
    clearInterval(youngTimer)
    await Promise.all([recorder.flush().catch(onError), work])
  }
}
