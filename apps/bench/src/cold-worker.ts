/** Times verdicts on keys that are not in memory beside the bare query, in turns. */
import { createLatchkey, openDatabase } from '@latchkey/engine'
import postgres from 'postgres'
import { SCOPES } from './bulk-load.ts'
import { endWithParent, say, settingsOf } from './child-process.ts'
import { concurrently } from './concurrently.ts'
import { digestOf, secretAt } from './secrets.ts'
import { ratioOf, spreadOf } from './statistics.ts'

const settings = settingsOf<{
  databaseUrl: string
  keysPerRound: number
  rounds: number
  concurrency: number
}>()
const { databaseUrl, keysPerRound, rounds, concurrency } = settings
endWithParent()
const database = await openDatabase(databaseUrl)
const sql = postgres(databaseUrl)
const secrets = Array.from({ length: keysPerRound }, (_, i) => secretAt(i))
const requirement = { scopes: ['contacts:read'] }

const verdicts: number[] = []
const queries: number[] = []
// The first two rounds only warm up.
for (let round = -2; round < rounds; round++) {
  const bare = await perSecond(async (secret) => {
    const rows = await sql`select * from latchkey.keys where hash = ${digestOf(secret)}`
    return rows.length === 1
  })
  // A new one, with nothing in memory.
  const latchkey = await createLatchkey({ database, scopes: SCOPES })
  const judged = await perSecond(async (secret) => (await latchkey.verify(secret, requirement)).ok)
  await latchkey.close()
  if (round < 0) continue
  queries.push(bare)
  verdicts.push(judged)
}
await sql.end()
await database.close()
say({
  concurrency,
  keysPerRound,
  rounds,
  verdictsPerSecond: spreadOf(verdicts),
  queriesPerSecond: spreadOf(queries),
  ratio: ratioOf(verdicts, queries),
})

async function perSecond(ask: (secret: string) => Promise<boolean>): Promise<number> {
  const start = performance.now()
  await concurrently(keysPerRound, concurrency, async (index) => {
    if (!(await ask(secrets[index]!))) throw new Error(`Key ${index} was not found.`)
  })
  return keysPerRound / ((performance.now() - start) / 1_000)
}
