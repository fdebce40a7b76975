import { prepareInTurn } from './prepared-requests.ts'
import { takeTurns } from './rounds.ts'
import { secretAt } from './secrets.ts'
import { serve } from './served.ts'
import { withKeys, type Setting } from './setting.ts'
import { ratioOf, spreadOf, type Spread } from './statistics.ts'

export interface FloodFigures {
  rounds: number
  /** How many invented keys a second came in, and how many in all. */
  floodPerSecond: Spread
  floodRequests: number
  /** Milliseconds of the valid key's requests, 99 of 100. */
  quietP99: Spread
  floodP99: Spread
  /** Of the two. */
  ratio: Spread
}

const INVENTED = 1_000_000
const FLOOD_CONNECTIONS = 64
/** Between a reply and the next request of a connection: all of them could send about twenty thousand a second. */
const FLOOD_PAUSE_MS = 3
const VALID_CONNECTIONS = 2
const VALID_PAUSE_MS = 1

/**
 * What a flood of well-formed keys that do not exist does to the caller with a valid one. The flood comes from the
 * same address, and from a process that gives way to the other on their core, so that the caller does not wait for it
 * there.
 */
export async function measureFlood(setting: Setting): Promise<FloodFigures> {
  const rounds = setting.isShort ? 2 : 16
  const quietSeconds = setting.isShort ? 3 : 8
  // So long that a million keys get their answer at the pace that the server gives them.
  const floodSeconds = setting.isShort ? 3 : 40
  setting.tell('inventing keys')
  const count = setting.isShort ? INVENTED / 10 : INVENTED
  const invented = Array.from({ length: count }, (_, i) => secretAt(1_000_000_000 + i))
  const flood = prepareInTurn(setting.folder, 'invented', invented)
  const valid = prepareInTurn(setting.folder, 'valid', [secretAt(0)])

  return withKeys(setting, { count: 1_000, states: 'active', withLimits: true }, async (databaseUrl) => {
    const server = await serve('latchkey', setting.cores.measured, { contender: 'latchkey', databaseUrl })
    const validLoad = (forSeconds: number) =>
      server.load({
        seconds: forSeconds,
        connections: VALID_CONNECTIONS,
        requests: valid,
        pauseMs: VALID_PAUSE_MS,
      })
    const floodLoad = (forSeconds: number) =>
      server.load({
        seconds: forSeconds,
        connections: FLOOD_CONNECTIONS,
        requests: flood,
        pauseMs: FLOOD_PAUSE_MS,
        nice: true,
        expected: 'refusal',
      })
    try {
      await server.load({ seconds: 3 })
      await floodLoad(3)
      const results = await takeTurns([{ id: 'quiet' }, { id: 'flood' }], rounds, async ({ id }, round) => {
        setting.tell(`round ${round + 1} of ${rounds}: ${id}`)
        if (id === 'quiet') return { valid: await validLoad(quietSeconds), flood: null }
        // The flood begins before and ends after.
        const flooding = floodLoad(floodSeconds + 2)
        await new Promise((resolve) => setTimeout(resolve, 1_000))
        return { valid: await validLoad(floodSeconds), flood: await flooding }
      })
      const p99s = (id: string) => results.get(id)!.map(({ valid }) => valid.p99)
      const floods = results.get('flood')!.map(({ flood }) => flood!)
      return {
        rounds,
        floodPerSecond: spreadOf(floods.map(({ requestsPerSecond }) => requestsPerSecond)),
        floodRequests: floods.reduce((sum, { requests }) => sum + requests, 0),
        quietP99: spreadOf(p99s('quiet')),
        floodP99: spreadOf(p99s('flood')),
        ratio: ratioOf(p99s('flood'), p99s('quiet')),
      }
    } finally {
      await server.process.stop()
    }
  })
}
