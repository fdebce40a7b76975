import postgres from 'postgres'
import { createHttpClient, type Reply } from './http-client.ts'
import { prepareInTurn } from './prepared-requests.ts'
import { takeTurns } from './rounds.ts'
import { mistypedSecretAt } from './secrets.ts'
import { serve } from './served.ts'
import { withKeys, type Setting } from './setting.ts'
import { ratioOf, spreadOf, type Spread } from './statistics.ts'

export interface UnknownKeyFigures {
  /** Requests per second with keys whose checksum is wrong. */
  refusalsPerSecond: Spread
  /** Of a route without authentication that gives the same reply. */
  sameReplyPerSecond: Spread
  ratio: Spread
  cpuRatio: Spread
  requests: number
  /** How often Postgres looked into the table of keys, by any of its indexes or by reading it whole. */
  scansOfKeys: number
  /** The reply, as both give it. */
  status: number
}

const MISTYPED = 10_000

/** Keys whose checksum is wrong: what refusing them costs, and that no query runs for them. */
export async function measureUnknownKeys(setting: Setting): Promise<UnknownKeyFigures> {
  const { cores, isShort } = setting
  const secrets = Array.from({ length: MISTYPED }, (_, i) => mistypedSecretAt(i))
  const requests = prepareInTurn(setting.folder, 'mistyped', secrets)
  const count = 1_000
  return withKeys(setting, { count, states: 'active', withLimits: true }, async (databaseUrl) => {
    const latchkey = await serve('latchkey', cores.measured, { contender: 'latchkey', databaseUrl })
    const load = { connections: 32, requests, expected: 'refusal' } as const
    await latchkey.load({ ...load, seconds: isShort ? 1 : 5 })
    // What a client is told that goes on presenting wrong keys.
    const usual = await ask(latchkey.url, secrets[0]!)
    const reply = { status: usual.status, headers: kept(usual), body: usual.body }
    const same = await serve('same reply', cores.measured, { contender: 'none', reply })
    try {
      assertSame(await ask(same.url, secrets[0]!), usual)
      await same.load({ ...load, seconds: isShort ? 1 : 5 })

      const scansBefore = await scansOfKeys(databaseUrl)
      const results = await takeTurns([same, latchkey], isShort ? 3 : 15, (server, round) => {
        setting.tell(`round ${round + 1}: ${server.id}, keys with a wrong checksum`)
        return server.load({ ...load, seconds: isShort ? 1 : 3 })
      })
      await latchkey.load({ ...load, seconds: 1 })
      assertSame(await ask(latchkey.url, secrets[1]!), usual)
      const scans = (await scansOfKeys(databaseUrl)) - scansBefore

      const judged = results.get(latchkey.id)!
      const unjudged = results.get(same.id)!
      const rates = (seen: typeof judged) => seen.map(({ requestsPerSecond }) => requestsPerSecond)
      const costs = (seen: typeof judged) => seen.map(({ cpuMicroseconds }) => cpuMicroseconds)
      return {
        refusalsPerSecond: spreadOf(rates(judged)),
        sameReplyPerSecond: spreadOf(rates(unjudged)),
        ratio: ratioOf(rates(judged), rates(unjudged)),
        cpuRatio: ratioOf(costs(unjudged), costs(judged)),
        requests: judged.reduce((sum, { requests }) => sum + requests, 0),
        scansOfKeys: scans,
        status: usual.status,
      }
    } finally {
      await Promise.all([latchkey.process.stop(), same.process.stop()])
    }
  })
}

async function ask(url: string, secret: string): Promise<Reply> {
  const client = createHttpClient()
  const reply = await client.request('GET', url, { headers: { authorization: `Bearer ${secret}` } })
  client.close()
  return reply
}

/** What the other route must say by itself; the rest Node adds to every reply. */
function kept({ headers }: Reply): Record<string, string> {
  const own = new Set(['connection', 'date', 'keep-alive', 'content-length'])
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !own.has(name))) as Record<
    string,
    string
  >
}

/** Seconds to wait and the request's id differ from one reply to the next, so only what has one form is compared. */
function assertSame(reply: Reply, other: Reply): void {
  const form = ({ status, headers, body }: Reply) =>
    JSON.stringify([status, Object.keys(headers).toSorted(), Object.keys(JSON.parse(body) as object)])
  if (form(reply) !== form(other)) throw new Error(`Replies differ: ${form(reply)} and ${form(other)}.`)
}

/** Postgres writes its statistics about once a second, and at the latest when a connection falls idle. */
async function scansOfKeys(url: string): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  const sql = postgres(url, { max: 1 })
  const [row] = await sql<{ scans: string }[]>`
    select coalesce(seq_scan, 0) + coalesce(idx_scan, 0) as scans
    from pg_stat_user_tables where schemaname = 'latchkey' and relname = 'keys'`
  await sql.end()
  return Number(row!.scans)
}
