import { runChild } from './child.ts'
import { withKeys, type Setting } from './setting.ts'

export interface MemoryFigure {
  /** How many keys were in memory. */
  cached: number
  bytesPerKey: number
}

export interface MemoryFigures {
  keys: number
  plain: MemoryFigure
  withLimits: MemoryFigure
}

/** Heap per key in memory: without limits, and with two limits of which units were taken. */
export async function measureMemory(setting: Setting): Promise<MemoryFigures> {
  const keys = setting.isShort ? 10_000 : 50_000
  const measure = (withLimits: boolean) =>
    withKeys(setting, { count: keys, states: 'active', withLimits }, (databaseUrl) =>
      runChild<MemoryFigure>('memory-worker.ts', {
        core: setting.cores.measured,
        settings: { databaseUrl, keys },
        nodeFlags: ['--expose-gc'],
      }),
    )
  return { keys, plain: await measure(false), withLimits: await measure(true) }
}
