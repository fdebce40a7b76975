import { measureCold, type ColdFigures } from './cold.ts'
import { measureFlood, type FloodFigures } from './flood.ts'
import { measureGrowth, type GrowthFigures } from './growth.ts'
import { measureHttp, type HttpFigures } from './http.ts'
import { measurePeers, type PeersFigures } from './peers.ts'
import { measureManagement, type ManagementFigures } from './management.ts'
import { measureMemory, type MemoryFigures } from './memory.ts'
import { measureRevocation, type RevocationFigures } from './revocation.ts'
import type { Setting } from './setting.ts'
import { measureStartUp, type StartUpFigures } from './start-up.ts'
import { measureUnknownKeys, type UnknownKeyFigures } from './unknown-keys.ts'
import { measureVerdict, type VerdictFigures } from './verdict.ts'

/** What each part of the benchmark finds out. */
export interface Figures {
  http: HttpFigures
  peers: PeersFigures
  verdict: VerdictFigures
  memory: MemoryFigures
  cold: ColdFigures
  'unknown-keys': UnknownKeyFigures
  flood: FloodFigures
  revocation: RevocationFigures
  management: ManagementFigures
  'start-up': StartUpFigures
  growth: GrowthFigures
}

export type PartName = keyof Figures

/** How each part is measured, in the order in which they run. */
export const PARTS: { [Name in PartName]: (setting: Setting) => Promise<Figures[Name]> } = {
  http: measureHttp,
  peers: measurePeers,
  verdict: measureVerdict,
  memory: measureMemory,
  cold: measureCold,
  'unknown-keys': measureUnknownKeys,
  flood: measureFlood,
  revocation: measureRevocation,
  management: measureManagement,
  'start-up': measureStartUp,
  growth: measureGrowth,
}

/** Those that the short form runs: their figures are ratios or sizes, which hold on any machine. */
export const SHORT_PARTS: readonly PartName[] = ['http', 'verdict', 'memory', 'cold', 'unknown-keys']

/** The names of all parts. */
export const PART_NAMES = Object.keys(PARTS) as PartName[]
