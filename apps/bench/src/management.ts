import { concurrently } from './concurrently.ts'
import type { ContenderSettings } from './contenders/contender.ts'
import { createHttpClient } from './http-client.ts'
import { takeTurns } from './rounds.ts'
import { serve, type Served } from './served.ts'
import { withDatabase, type Setting } from './setting.ts'
import { spreadOf, type Spread } from './statistics.ts'

export interface ManagementFigure {
  label: string
  createsPerSecond: Spread
  /** Of one owner who has as many keys as were created. */
  listsPerSecond: Spread
}

export interface ManagementFigures {
  createsPerRound: number
  rounds: number
  connections: number
  pageSize: number
  results: Record<string, ManagementFigure>
}

const CREATES_PER_ROUND = 400
const CONNECTIONS = 16
const PAGE_SIZE = 50
const ROUNDS = 5

/** Creating keys and listing them, over HTTP, beside better-auth on the same Postgres. */
export async function measureManagement(setting: Setting): Promise<ManagementFigures> {
  return withDatabase(setting, ({ url: databaseUrl }) =>
    withDatabase(setting, async ({ url: otherUrl }) => {
      const entrants: { id: string; label: string; settings: ContenderSettings & { contender: string } }[] = [
        { id: 'latchkey', label: 'Latchkey', settings: { contender: 'latchkey', databaseUrl } },
        {
          id: 'better-auth',
          label: 'better-auth, Postgres',
          settings: { contender: 'better-auth', databaseUrl: otherUrl },
        },
      ]
      const served: Served[] = []
      try {
        for (const { id, settings } of entrants) {
          // Latchkey's protected route lets nobody in before there is a key, so it is asked for nothing here.
          served.push(await serve(id, setting.cores.measured, settings, { check: false }))
        }
        for (const server of served) await create(server)
        const creates = await takeTurns(served, ROUNDS, create)
        const lists = await takeTurns(served, ROUNDS, async (server) => {
          setting.tell(`list: ${server.id}`)
          return server.load({
            url: new URL(`/v1/api-keys?limit=${PAGE_SIZE}`, server.url).href,
            seconds: 3,
            connections: CONNECTIONS,
            headers: {},
          })
        })
        const results = entrants.map(({ id, label }): [string, ManagementFigure] => [
          id,
          {
            label,
            createsPerSecond: spreadOf(creates.get(id)!),
            listsPerSecond: spreadOf(lists.get(id)!.map(({ requestsPerSecond }) => requestsPerSecond)),
          },
        ])
        return {
          createsPerRound: CREATES_PER_ROUND,
          rounds: ROUNDS,
          connections: CONNECTIONS,
          pageSize: PAGE_SIZE,
          results: Object.fromEntries(results),
        }
      } finally {
        await Promise.all(served.map(({ process }) => process.stop()))
      }
    }),
  )
}

/** Creates per second. */
async function create({ url }: Served): Promise<number> {
  const client = createHttpClient(CONNECTIONS)
  const start = performance.now()
  await concurrently(CREATES_PER_ROUND, CONNECTIONS, async (index) => {
    const json = { name: `Integration ${index}` }
    const { status, body } = await client.request('POST', new URL('/v1/api-keys', url).href, { json })
    if (status !== 201) throw new Error(`A create was answered with ${status}: ${body}`)
  })
  client.close()
  return CREATES_PER_ROUND / ((performance.now() - start) / 1_000)
}
