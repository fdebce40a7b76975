import type { RouteUseStore } from './postgres/route-use-store.ts'
import { dayOf, MAX_ROUTE_USE_DAYS } from './route-use-report.ts'
import type { RouteUses } from './route-uses.ts'

/** What a crash can lose at most. */
const FLUSH_INTERVAL_MS = 10_000
/** An hour between sweeps, once nothing is left to delete. */
const FLUSHES_PER_SWEEP = 360
const DAY_MS = 86_400_000

/** What {@link keepRouteUses} needs from outside. */
export interface RouteUseUpkeepOptions {
  uses: RouteUses
  store: RouteUseStore
  now: () => number
  onError: (error: Error) => void
}

/**
 * Stores every ten seconds which routes were opened, and deletes now and then what nobody can ask for any more. It keeps no
 * process alive.
 *
 * @returns stops it, after storing what is left.
 */
export function keepRouteUses({ uses, store, now, onError }: RouteUseUpkeepOptions): () => Promise<void> {
  let flushesUntilSweep = 0
  let work: Promise<void> | null = null

  async function sweepNowAndThen(): Promise<void> {
    if (flushesUntilSweep-- > 0) return
    const isMore = await store.sweep(dayOf(now() - MAX_ROUTE_USE_DAYS * DAY_MS))
    flushesUntilSweep = isMore ? 0 : FLUSHES_PER_SWEEP
  }

  const timer = setInterval(() => {
    const flushed = uses.flush()
    // Trouble with one that was under way already is told by whoever began it.
    flushed.catch(() => undefined)
    work ??= flushed
      .then(sweepNowAndThen)
      .catch(onError)
      .finally(() => (work = null))
  }, FLUSH_INTERVAL_MS).unref()

  return async function stop() {
    clearInterval(timer)
    await Promise.all([uses.flush().catch(onError), work])
  }
}
