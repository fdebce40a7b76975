import { serve, type Served, type ServedLoad } from './served.ts'
import type { ContenderSettings } from './contenders/contender.ts'
import { takeTurns } from './rounds.ts'
import type { Setting } from './setting.ts'
import { ratioOf, spreadOf, type Spread } from './statistics.ts'
import type { PreparedRequests } from './wrk.ts'

/** One way to protect the route. */
export interface Entrant {
  id: string
  label: string
  settings: ContenderSettings & { contender: string }
}

/** What was seen of it. */
export interface HttpFigure {
  label: string
  requestsPerSecond: Spread
  p99: number
  /** What the server's process computed per request. */
  cpuMicroseconds: number
  /** Of requests per second to those without authentication, round by round. */
  ratio: Spread
  /** Of computing time per request without authentication to this one's: the same ratio, deaf to other processes. */
  cpuRatio: Spread
}

/** How often entrants are started, and how often each then has its turn of a second. */
export interface Turns {
  generations: number
  rounds: number
}

/** What many keys are asked for with. */
export interface ManyKeys {
  /** Each once. */
  inTurn: PreparedRequests
  requests: PreparedRequests
}

export const CONNECTIONS = 32

/**
 * Measures entrants against the first of them. Two processes of the same program differ by up to a fifth for as long
 * as they live, by where their memory happens to lie; so each entrant is started anew for each generation.
 */
export async function race(
  setting: Setting,
  entrants: readonly Entrant[],
  { generations, rounds }: Turns,
  many?: ManyKeys,
): Promise<Record<string, HttpFigure>> {
  const results = new Map<string, ServedLoad[]>(entrants.map(({ id }) => [id, []]))
  for (let generation = 1; generation <= generations; generation++) {
    setting.tell(`processes ${generation} of ${generations}${many ? ', many keys' : ''}`)
    const found = await raceOnce(setting, entrants, rounds, many)
    for (const [id, seen] of found) results.get(id)!.push(...seen)
  }
  const base = results.get(entrants[0]!.id)!
  return Object.fromEntries(
    entrants.map(({ id, label }) => {
      const seen = results.get(id)!
      const rates = seen.map(({ requestsPerSecond }) => requestsPerSecond)
      const costs = seen.map(({ cpuMicroseconds }) => cpuMicroseconds)
      const figure: HttpFigure = {
        label,
        requestsPerSecond: spreadOf(rates),
        p99: spreadOf(seen.map(({ p99 }) => p99)).median,
        cpuMicroseconds: spreadOf(costs).median,
        ratio: ratioOf(
          rates,
          base.map(({ requestsPerSecond }) => requestsPerSecond),
        ),
        cpuRatio: ratioOf(
          base.map(({ cpuMicroseconds }) => cpuMicroseconds),
          costs,
        ),
      }
      return [id, figure]
    }),
  )
}

/** Each entrant in a process of its own, in turns. */
async function raceOnce(
  setting: Setting,
  entrants: readonly Entrant[],
  rounds: number,
  many?: ManyKeys,
): Promise<Map<string, ServedLoad[]>> {
  const served: Served[] = []
  try {
    for (const { id, settings } of entrants) served.push(await serve(id, setting.cores.measured, settings))
    for (const server of served) await warmUp(setting, server, many)
    return await takeTurns(served, rounds, (server) =>
      server.load({ seconds: 1, connections: CONNECTIONS, ...(many && { requests: many.requests }) }),
    )
  } finally {
    await Promise.all(served.map(({ process }) => process.stop()))
  }
}

/** Until the server's code is compiled and every key was seen. */
export async function warmUp(setting: Setting, server: Served, many?: ManyKeys): Promise<void> {
  const load = { seconds: setting.isShort ? 1 : 2, connections: CONNECTIONS }
  if (many === undefined) {
    await server.load(load)
    return
  }
  await server.load({ ...load, seconds: 2, requests: many.inTurn })
  await server.load({ ...load, requests: many.requests })
}
