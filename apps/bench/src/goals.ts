import type { Figures, PartName } from './parts.ts'

/** A figure that Latchkey wants to reach. */
export interface Goal {
  part: PartName
  figure: string
  goal: string
  /** The figure as it is told. */
  told: string
  isMet: boolean
}

/** A figure of the short form with the bound beyond which something got worse. */
export interface Bound {
  figure: string
  value: number
  bound: string
  isKept: boolean
}

/** The goals whose parts were measured, in the order of the report. */
export function goals(figures: Partial<Figures>): Goal[] {
  return [
    ...httpGoals(figures),
    ...peersGoals(figures),
    ...verdictGoals(figures),
    ...unknownKeyGoals(figures),
    ...coldGoals(figures),
    ...growthGoals(figures),
    ...memoryGoals(figures),
    ...revocationGoals(figures),
    ...floodGoals(figures),
  ]
}

function httpGoals({ http }: Partial<Figures>): Goal[] {
  if (http === undefined) return []
  const ours = http.hotKey['latchkey']!
  const manyKeys = http.zipf['latchkey']!
  return [
    goal('http', {
      figure: 'requests/s with key, scope, two limits and metering ÷ without authentication, one hot key',
      goal: 'at least 0.95',
      told: ratio(ours.ratio.median),
      isMet: ours.ratio.median >= 0.95,
    }),
    goal('http', {
      figure: 'the same over 10,000 keys by Zipf',
      goal: 'at least 0.93',
      told: ratio(manyKeys.ratio.median),
      isMet: manyKeys.ratio.median >= 0.93,
    }),
  ]
}

function peersGoals({ peers }: Partial<Figures>): Goal[] {
  if (peers === undefined) return []
  const timesPeer = (ids: readonly string[]) => {
    const fastest = Math.max(...ids.map((id) => peers[id]!.requestsPerSecond.median))
    return peers['latchkey']!.requestsPerSecond.median / fastest
  }
  const betterAuth = timesPeer(Object.keys(peers).filter((id) => id.startsWith('better-auth database')))
  const bearerAuth = timesPeer(['bearer-auth 1000'])
  return [
    goal('peers', {
      figure: "requests/s ÷ those of better-auth's api-key plugin on the same Postgres, its fastest",
      goal: 'at least 50',
      told: betterAuth.toFixed(1),
      isMet: betterAuth >= 50,
    }),
    goal('peers', {
      figure: 'requests/s ÷ those of @fastify/bearer-auth with 1,000 keys',
      goal: 'at least 5',
      told: bearerAuth.toFixed(1),
      isMet: bearerAuth >= 5,
    }),
  ]
}

function verdictGoals({ verdict }: Partial<Figures>): Goal[] {
  if (verdict === undefined) return []
  const ns = verdict.verdictNs.median
  return [
    goal('verdict', {
      figure: 'one verdict from memory with everything on, median',
      goal: 'under 1,000 ns, over 1 million/s',
      told: `${ns.toFixed(0)} ns, ${(1_000 / ns).toFixed(2)} million/s`,
      isMet: ns < 1_000,
    }),
  ]
}

function unknownKeyGoals({ 'unknown-keys': unknown }: Partial<Figures>): Goal[] {
  if (unknown === undefined) return []
  return [
    goal('unknown-keys', {
      figure: 'keys with a wrong checksum: queries for them',
      goal: 'none',
      told: `${unknown.scansOfKeys} in ${count(unknown.requests)} requests`,
      isMet: unknown.scansOfKeys === 0,
    }),
    goal('unknown-keys', {
      figure: 'keys with a wrong checksum: refusals/s ÷ those of a route that only gives the same reply',
      goal: 'at least 0.9',
      told: ratio(unknown.ratio.median),
      isMet: unknown.ratio.median >= 0.9,
    }),
  ]
}

function coldGoals({ cold }: Partial<Figures>): Goal[] {
  if (cold === undefined) return []
  return [
    goal('cold', {
      figure: 'cold verdicts/s ÷ the bare query through the same driver',
      goal: 'at least 0.8',
      told: ratio(cold.ratio.median),
      isMet: cold.ratio.median >= 0.8,
    }),
  ]
}

function growthGoals({ growth }: Partial<Figures>): Goal[] {
  if (growth === undefined) return []
  const most = growth.sizes.at(-1)!
  const pages = Object.values(most.pages)
  const slowestPage = Math.max(
    ...pages.flatMap(({ firstPageP99, deepPageP99 }) => [firstPageP99, deepPageP99]),
  )
  const depthRatio = Math.max(...pages.map((page) => page.depthRatio))
  const name = `${count(most.keys)} keys`
  return [
    goal('growth', {
      figure: `cold verdict p99 at ${name} ÷ at ${count(growth.sizes[0]!.keys)}`,
      goal: 'at most 1.3',
      told: ratio(most.coldP99Ratio.median),
      isMet: most.coldP99Ratio.median <= 1.3,
    }),
    goal('growth', {
      figure: `list page of 50 at ${name} of one owner, filtered and sorted, slowest p99`,
      goal: 'under 10 ms',
      told: `${slowestPage.toFixed(1)} ms`,
      isMet: slowestPage < 10,
    }),
    goal('growth', {
      figure: 'the same, p99 of page 10,000 ÷ page 1, the worst order',
      goal: 'at most 1.3',
      told: ratio(depthRatio),
      isMet: depthRatio <= 1.3,
    }),
    goal('growth', {
      figure: `bytes of table and indexes per key, at ${name}`,
      goal: 'at most 400',
      told: most.bytesPerKey.toFixed(0),
      isMet: most.bytesPerKey <= 400,
    }),
  ]
}

function memoryGoals({ memory }: Partial<Figures>): Goal[] {
  if (memory === undefined) return []
  const { plain, withLimits } = memory
  return [
    goal('memory', {
      figure: 'heap per cached key',
      goal: 'at most 500 bytes',
      told: `${plain.bytesPerKey.toFixed(0)} bytes; ${withLimits.bytesPerKey.toFixed(0)} with two limits in use`,
      isMet: plain.bytesPerKey <= 500,
    }),
  ]
}

function revocationGoals({ revocation }: Partial<Figures>): Goal[] {
  if (revocation === undefined) return []
  return [
    goal('revocation', {
      figure: `revocation to last 200, ${revocation.processes} processes, ${revocation.trials} trials, p99`,
      goal: 'under 100 ms',
      told: `${revocation.p99.toFixed(1)} ms`,
      isMet: revocation.p99 < 100,
    }),
  ]
}

function floodGoals({ flood }: Partial<Figures>): Goal[] {
  if (flood === undefined) return []
  return [
    goal('flood', {
      figure: `valid-key p99 during a flood of ${count(flood.floodRequests)} invented keys ÷ without`,
      goal: 'at most 2',
      told: ratio(flood.ratio.median),
      isMet: flood.ratio.median <= 2,
    }),
  ]
}

/**
 * What the short form holds on to. Time is taken as what the processes computed, which other programs on the machine
 * disturb least; and each bound is well off what was measured when it was set, so that only a real change crosses
 * it. Where a goal is not met yet, the bound is far from the goal: it holds what there is.
 */
export function bounds(figures: Partial<Figures>): Bound[] {
  const { http, verdict, memory, cold, 'unknown-keys': unknown } = figures
  return [
    ...(http
      ? [
          atLeast('hot key ÷ no authentication', http.hotKey['latchkey']!.cpuRatio.median, 0.6),
          atLeast('10,000 keys by Zipf ÷ no authentication', http.zipf['latchkey']!.cpuRatio.median, 0.35),
        ]
      : []),
    ...(verdict ? [atMost('verdict from memory ÷ SHA-256 and a Map', verdict.ratio.median, 3)] : []),
    ...(memory ? [atMost('heap bytes per cached key', memory.plain.bytesPerKey, 600)] : []),
    ...(cold ? [atLeast('cold verdicts ÷ bare query', cold.ratio.median, 0.8)] : []),
    ...(unknown
      ? [
          atMost('queries for keys with a wrong checksum', unknown.scansOfKeys, 0),
          atLeast('wrong checksum ÷ the same reply', unknown.cpuRatio.median, 0.45),
        ]
      : []),
  ]
}

function atLeast(figure: string, value: number, bound: number): Bound {
  return { figure, value, bound: `at least ${bound}`, isKept: value >= bound }
}

function atMost(figure: string, value: number, bound: number): Bound {
  return { figure, value, bound: `at most ${bound}`, isKept: value <= bound }
}

function goal(part: PartName, rest: Omit<Goal, 'part'>): Goal {
  return { part, ...rest }
}

function ratio(value: number): string {
  return value.toFixed(value < 10 ? 3 : 1)
}

function count(value: number): string {
  return value.toLocaleString('en')
}
