import type { ChangeLog, LogReading } from './change-log.ts'

/** How long a change can be read at least after it was committed. */
const KEPT_MS = 60_000

/** What {@link createSweeper} needs from outside. */
export interface SweeperOptions {
  sweep: ChangeLog['sweep']
  /** Milliseconds of a clock that never steps back. */
  monotonicNow?: () => number
}

/**
 * Removes from the log, now and then after a reading, the changes of transactions that were over a minute ago. A
 * change's own time would not do, since one may be committed long after it was made.
 */
export function createSweeper({ sweep, monotonicNow = performance.now.bind(performance) }: SweeperOptions) {
  let horizon: { oldestOpen: string; server: string; at: number } | null = null

  return async ({ oldestOpen, server }: Pick<LogReading, 'oldestOpen' | 'server'>): Promise<void> => {
    const latest = { oldestOpen, server, at: monotonicNow() }
    // Another server may count its transactions anew.
    if (horizon === null || horizon.server !== server) horizon = latest
    if (latest.at - horizon.at < KEPT_MS) return
    const isDone = await sweep(horizon.oldestOpen)
    if (isDone) horizon = latest
  }
}
