import { runChild } from './child.ts'
import { withKeys, type Setting } from './setting.ts'
import type { Spread } from './statistics.ts'

export interface VerdictFigures {
  keys: number
  callsPerRound: number
  rounds: number
  /** Nanoseconds of one SHA-256 and one look-up in a Map: the least that any check by hash must do. */
  bareNs: Spread
  /** Nanoseconds of one verdict with scope, limits and metering. */
  verdictNs: Spread
  ratio: Spread
}

/** What one verdict from memory costs, with everything on. */
export async function measureVerdict(setting: Setting): Promise<VerdictFigures> {
  const keys = 1_000
  const rounds = setting.isShort ? 9 : 31
  return withKeys(setting, { count: keys, states: 'active', withLimits: true }, (databaseUrl) =>
    runChild<VerdictFigures>('verdict-worker.ts', {
      core: setting.cores.measured,
      settings: { databaseUrl, keys, rounds },
    }),
  )
}
