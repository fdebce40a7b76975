import postgres from 'postgres'
import { createHttpClient, type Reply } from './http-client.ts'
import { prepareInTurn } from './prepared-requests.ts'
import { takeTurns } from './rounds.ts'
import { mistypedSecretAt } from './secrets.ts'
import { serve, type ServedLoad } from './served.ts'
import { withKeys, type Setting } from './setting.ts'
import { ratioOf, spreadOf, type Spread } from './statistics.ts'
import type { PreparedRequests } from './wrk.ts'

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

/** What one process of each saw, round by round. */
interface Generation {
  judged: ServedLoad[]
  unjudged: ServedLoad[]
  scansOfKeys: number
  status: number
}

/** Keys whose checksum is wrong: what refusing them costs, and that no query runs for them. */
export async function measureUnknownKeys(setting: Setting): Promise<UnknownKeyFigures> {
  const secrets = Array.from({ length: MISTYPED }, (_, i) => mistypedSecretAt(i))
  const requests = prepareInTurn(setting.folder, 'mistyped', secrets)
  return withKeys(setting, { count: 1_000, states: 'active', withLimits: true }, async (databaseUrl) => {
    const generations: Generation[] = []
    // Processes of one program differ for as long as they live, so each is started several times.
    for (let i = 1; i <= (setting.isShort ? 2 : 7); i++) {
      setting.tell(`processes ${i}, keys with a wrong checksum`)
      generations.push(await measureOnce(setting, databaseUrl, secrets, requests))
    }
    const judged = generations.flatMap((generation) => generation.judged)
    const unjudged = generations.flatMap((generation) => generation.unjudged)
    const rates = (seen: ServedLoad[]) => seen.map(({ requestsPerSecond }) => requestsPerSecond)
    const costs = (seen: ServedLoad[]) => seen.map(({ cpuMicroseconds }) => cpuMicroseconds)
    return {
      refusalsPerSecond: spreadOf(rates(judged)),
      sameReplyPerSecond: spreadOf(rates(unjudged)),
      ratio: ratioOf(rates(judged), rates(unjudged)),
      cpuRatio: ratioOf(costs(unjudged), costs(judged)),
      requests: judged.reduce((sum, { requests: count }) => sum + count, 0),
      scansOfKeys: generations.reduce((sum, { scansOfKeys: count }) => sum + count, 0),
      status: generations[0]!.status,
    }
  })
}

async function measureOnce(
  { cores }: Setting,
  databaseUrl: string,
  secrets: readonly string[],
  requests: PreparedRequests,
): Promise<Generation> {
  const load = { connections: 32, requests, expected: 'refusal' } as const
  const latchkey = await serve('latchkey', cores.measured, { contender: 'latchkey', databaseUrl })
  const running = [latchkey]
  try {
    await latchkey.load({ ...load, seconds: 2 })
    // What a client is told that goes on presenting wrong keys.
    const usual = await ask(latchkey.url, secrets[0]!)
    const reply = { status: usual.status, headers: kept(usual), body: usual.body }
    const same = await serve('same reply', cores.measured, { contender: 'none', reply })
    running.push(same)
    assertSame(await ask(same.url, secrets[0]!), usual)
    await same.load({ ...load, seconds: 2 })

    const scansBefore = await scansOfKeys(databaseUrl)
    const results = await takeTurns([same, latchkey], 3, (server) => server.load({ ...load, seconds: 1 }))
    assertSame(await ask(latchkey.url, secrets[1]!), usual)
    return {
      judged: results.get(latchkey.id)!,
      unjudged: results.get(same.id)!,
      scansOfKeys: (await scansOfKeys(databaseUrl)) - scansBefore,
      status: usual.status,
    }
  } finally {
    await Promise.all(running.map(({ process }) => process.stop()))
  }
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
