import postgres from 'postgres'
import { runChild } from './child.ts'
import { loadKeys } from './bulk-load.ts'
import { withDatabase, type Setting } from './setting.ts'
import type { Spread } from './statistics.ts'

/** Milliseconds of one page of 50, 99 of 100, and how the deep one compares. */
export interface PageFigure {
  firstPageP99: number
  firstPageP50: number
  deepPageP99: number
  deepPageP50: number
  /** Page 10,000 ÷ page 1. */
  depthRatio: number
}

export interface SizeFigure {
  keys: number
  loadSeconds: number
  bytesPerKey: number
  /** Of the table itself and of each index. */
  bytesPerKeyByRelation: Record<string, number>
  coldP50: Spread
  coldP99: Spread
  /** p99 here ÷ p99 at the smallest size, round by round. */
  coldP99Ratio: Spread
  pages: Record<string, PageFigure>
}

export interface GrowthFigures {
  sizes: SizeFigure[]
}

const SIZES = [10_000, 1_000_000, 10_000_000]

/** What becomes of reads as one owner's keys grow in number. */
export async function measureGrowth(setting: Setting): Promise<GrowthFigures> {
  const loaded: { keys: number; databaseUrl: string; loadSeconds: number; bytes: Record<string, number> }[] =
    []

  async function loadFrom(index: number): Promise<GrowthFigures> {
    const keys = SIZES[index]
    if (keys === undefined) return measureLoaded()
    return withDatabase(setting, async ({ url: databaseUrl }) => {
      setting.tell(`loading ${keys.toLocaleString('en')} keys`)
      const start = performance.now()
      await loadKeys(databaseUrl, { count: keys, states: 'mixed', withLimits: false })
      const loadSeconds = (performance.now() - start) / 1_000
      loaded.push({ keys, databaseUrl, loadSeconds, bytes: await bytesPerKey(databaseUrl, keys) })
      return loadFrom(index + 1)
    })
  }

  async function measureLoaded(): Promise<GrowthFigures> {
    const measured = await runChild<
      Omit<SizeFigure, 'loadSeconds' | 'bytesPerKey' | 'bytesPerKeyByRelation'>[]
    >('growth-worker.ts', { core: setting.cores.measured, settings: { sizes: loaded } })
    return {
      sizes: measured.map((size, i) => {
        const { total, ...byRelation } = loaded[i]!.bytes
        return {
          ...size,
          loadSeconds: loaded[i]!.loadSeconds,
          bytesPerKey: total!,
          bytesPerKeyByRelation: byRelation,
        }
      }),
    }
  }

  return loadFrom(0)
}

async function bytesPerKey(url: string, keys: number): Promise<Record<string, number>> {
  const sql = postgres(url, { max: 1 })
  const rows = await sql<{ name: string; bytes: string }[]>`
    select relname as name, pg_relation_size(oid) as bytes from pg_class
    where oid = 'latchkey.keys'::regclass
      or oid in (select indexrelid from pg_index where indrelid = 'latchkey.keys'::regclass)
    union all
    select 'total', pg_total_relation_size('latchkey.keys')
    order by bytes desc`
  await sql.end()
  return Object.fromEntries(rows.map(({ name, bytes }) => [name, Number(bytes) / keys]))
}
