import { secretAt } from './secrets.ts'
import type { ContenderSettings } from './contenders/contender.ts'
import { prepareByZipf, prepareInTurn } from './prepared-requests.ts'
import { takeTurns } from './rounds.ts'
import { serve, type Served } from './served.ts'
import { withDatabase, withKeys, type Setting } from './setting.ts'
import { ratioOf, spreadOf, type Spread } from './statistics.ts'
import type { PreparedRequests } from './wrk.ts'

/** One way to protect the route. */
interface Entrant {
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

export interface HttpFigures {
  hotKey: Record<string, HttpFigure>
  zipf: Record<string, HttpFigure>
  /** Requests per second without authentication, prepared requests ÷ the same request: what the script costs. */
  scriptRatio: number | null
  keys: number
  connections: number
}

/** How often entrants are started, and how often each then has its turn of a second. */
interface Turns {
  generations: number
  rounds: number
}

type Seen = Awaited<ReturnType<Served['load']>>

const ZIPF_KEYS = 10_000
const CONNECTIONS = 32
const PEER_TURNS: Turns = { generations: 3, rounds: 3 }

/** Requests per second of one route, protected by each contender in turn. */
export async function measureHttp(setting: Setting): Promise<HttpFigures> {
  return withKeys(setting, { count: ZIPF_KEYS, states: 'active' }, (plainUrl) =>
    withKeys(setting, { count: ZIPF_KEYS, states: 'active', withLimits: true }, async (limitedUrl) => {
      const latchkey = (label: string, databaseUrl: string) => ({
        id: label,
        label,
        settings: { contender: 'latchkey', databaseUrl },
      })
      const none = { id: 'none', label: 'no authentication', settings: { contender: 'none' } }
      const everything = {
        ...latchkey('Latchkey: key, scope, two limits, metering', limitedUrl),
        id: 'latchkey',
      }
      const plain = { ...latchkey('Latchkey: key, scope, metering', plainUrl), id: 'latchkey without limits' }
      const handWritten = {
        id: 'hand-written',
        label: 'hand-written hook',
        settings: { contender: 'hand-written', keys: ZIPF_KEYS },
      }
      const zipf = prepareByZipf(
        setting.folder,
        'zipf',
        Array.from({ length: ZIPF_KEYS }, (_, i) => secretAt(i)),
      )
      const entrants = [none, everything, ...(setting.isShort ? [] : [plain, handWritten])]
      const turns = setting.isShort ? { generations: 5, rounds: 2 } : { generations: 7, rounds: 3 }

      const hotKey = await race(setting, entrants, turns)
      const byZipf = await race(setting, entrants, turns, zipf)
      if (!setting.isShort) Object.assign(hotKey, await racePeers(setting, none))
      return {
        hotKey,
        zipf: byZipf,
        scriptRatio: setting.isShort ? null : await scriptRatio(setting, none, zipf),
        keys: ZIPF_KEYS,
        connections: CONNECTIONS,
      }
    }),
  )
}

async function racePeers(setting: Setting, none: Entrant): Promise<Record<string, HttpFigure>> {
  const bearer = (keys: number) => ({
    id: `bearer-auth ${keys}`,
    label: `@fastify/bearer-auth, ${keys.toLocaleString('en')} ${keys === 1 ? 'key' : 'keys'}`,
    settings: { contender: 'bearer-auth', keys },
  })
  const signed = {
    id: 'fastify-api-key',
    label: 'fastify-api-key (signed requests)',
    settings: { contender: 'signed-requests' },
  }
  const figures = await race(setting, [none, bearer(1), bearer(1_000), bearer(100_000), signed], PEER_TURNS)

  return withDatabase(setting, async ({ url: databaseUrl }) => {
    const betterAuth = (
      storage: NonNullable<ContenderSettings['storage']>,
      where: string,
      limits: boolean,
    ) => ({
      id: `better-auth ${storage}${limits ? ' limits' : ''}`,
      label: `better-auth, ${where}, limits ${limits ? 'on' : 'off'}`,
      settings: { contender: 'better-auth', databaseUrl, storage, limits },
    })
    const entrants = [
      betterAuth('database', 'Postgres', false),
      betterAuth('database', 'Postgres', true),
      betterAuth('database behind memory', 'memory before Postgres', false),
      betterAuth('database behind memory', 'memory before Postgres', true),
      betterAuth('memory', 'memory alone', false),
      betterAuth('memory', 'memory alone', true),
    ]
    const { none: _, ...peers } = { ...figures, ...(await race(setting, [none, ...entrants], PEER_TURNS)) }
    return peers
  })
}

/**
 * Measures entrants against the first of them. Two processes of the same program differ by up to a fifth for as long
 * as they live, by where their memory happens to lie; so each entrant is started anew for each generation.
 */
async function race(
  setting: Setting,
  entrants: readonly Entrant[],
  { generations, rounds }: Turns,
  requests?: PreparedRequests,
): Promise<Record<string, HttpFigure>> {
  const results = new Map<string, Seen[]>(entrants.map(({ id }) => [id, []]))
  for (let generation = 1; generation <= generations; generation++) {
    setting.tell(`processes ${generation} of ${generations}${requests ? ', many keys' : ''}`)
    const found = await raceOnce(setting, entrants, rounds, requests)
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
  requests?: PreparedRequests,
): Promise<Map<string, Seen[]>> {
  const served: Served[] = []
  try {
    for (const { id, settings } of entrants) served.push(await serve(id, setting.cores.measured, settings))
    for (const server of served) await warmUp(setting, server, requests)
    return await takeTurns(served, rounds, (server) =>
      server.load({ seconds: 1, connections: CONNECTIONS, ...(requests && { requests }) }),
    )
  } finally {
    await Promise.all(served.map(({ process }) => process.stop()))
  }
}

/** Until the server's code is compiled and every key was seen. */
async function warmUp(setting: Setting, server: Served, requests?: PreparedRequests): Promise<void> {
  const seconds = setting.isShort ? 1 : 2
  if (requests === undefined) {
    await server.load({ seconds, connections: CONNECTIONS })
    return
  }
  const inTurn = prepareInTurn(
    setting.folder,
    'warm-up',
    Array.from({ length: ZIPF_KEYS }, (_, i) => secretAt(i)),
  )
  await server.load({ seconds: 2, connections: CONNECTIONS, requests: inTurn })
  await server.load({ seconds, connections: CONNECTIONS, requests })
}

/** Both loads on a server that does nothing with the credentials. */
async function scriptRatio(setting: Setting, none: Entrant, requests: PreparedRequests): Promise<number> {
  const server = await serve(none.id, setting.cores.measured, none.settings)
  try {
    await warmUp(setting, server)
    const loads = [{ id: 'same' }, { id: 'prepared' }]
    const results = await takeTurns(loads, 5, ({ id }) =>
      server.load({ seconds: 3, connections: CONNECTIONS, ...(id === 'prepared' && { requests }) }),
    )
    const rates = (id: string) => results.get(id)!.map(({ requestsPerSecond }) => requestsPerSecond)
    return ratioOf(rates('prepared'), rates('same')).median
  } finally {
    await server.process.stop()
  }
}
