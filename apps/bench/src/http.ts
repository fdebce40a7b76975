import { prepareByZipf, prepareInTurn } from './prepared-requests.ts'
import { CONNECTIONS, race, warmUp, type Entrant, type HttpFigure } from './race.ts'
import { takeTurns } from './rounds.ts'
import { secretAt } from './secrets.ts'
import { serve } from './served.ts'
import { withKeys, type Setting } from './setting.ts'
import { ratioOf } from './statistics.ts'
import type { PreparedRequests } from './wrk.ts'

export interface HttpFigures {
  hotKey: Record<string, HttpFigure>
  zipf: Record<string, HttpFigure>
  /** Requests per second without authentication, prepared requests ÷ the same request: what the script costs. */
  scriptRatio: number | null
  keys: number
  connections: number
}

const ZIPF_KEYS = 10_000

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
      const secrets = Array.from({ length: ZIPF_KEYS }, (_, i) => secretAt(i))
      const zipf = {
        inTurn: prepareInTurn(setting.folder, 'in-turn', secrets),
        requests: prepareByZipf(setting.folder, 'zipf', secrets),
      }
      const entrants = [none, everything, ...(setting.isShort ? [] : [plain, handWritten])]
      const turns = setting.isShort ? { generations: 3, rounds: 2 } : { generations: 7, rounds: 3 }

      const hotKey = await race(setting, entrants, turns)
      const byZipf = await race(setting, entrants, turns, zipf)
      return {
        hotKey,
        zipf: byZipf,
        scriptRatio: setting.isShort ? null : await scriptRatio(setting, none, zipf.requests),
        keys: ZIPF_KEYS,
        connections: CONNECTIONS,
      }
    }),
  )
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
