import { runChild } from './child.ts'
import { withKeys, type Setting } from './setting.ts'
import type { Spread } from './statistics.ts'

export interface ColdFigures {
  concurrency: number
  keysPerRound: number
  rounds: number
  /** Verdicts on keys that are not in memory, per second. */
  verdictsPerSecond: Spread
  /** The bare query for the same rows through the same driver, per second. */
  queriesPerSecond: Spread
  ratio: Spread
}

/** Verdicts that must ask the database, beside the bare query. */
export async function measureCold(setting: Setting): Promise<ColdFigures> {
  const settings = setting.isShort
    ? { keysPerRound: 4_000, rounds: 6, concurrency: 64 }
    : { keysPerRound: 15_000, rounds: 15, concurrency: 64 }
  const count = settings.keysPerRound
  return withKeys(setting, { count, states: 'active', withLimits: true }, (databaseUrl) =>
    runChild<ColdFigures>('cold-worker.ts', {
      core: setting.cores.measured,
      settings: { ...settings, databaseUrl },
    }),
  )
}
