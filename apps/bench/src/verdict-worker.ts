/** Times verdicts from memory beside the least that any check by hash must do. Both take turns in one process. */
import { hash } from 'node:crypto'
import { createLatchkey, openDatabase } from '@latchkey/engine'
import { SCOPES } from './bulk-load.ts'
import { endWithParent, say, settingsOf } from './child-process.ts'
import { secretAt } from './secrets.ts'
import { ratioOf, spreadOf } from './statistics.ts'

const CALLS_PER_ROUND = 200_000

const { databaseUrl, keys, rounds } = settingsOf<{ databaseUrl: string; keys: number; rounds: number }>()
endWithParent()
const database = await openDatabase(databaseUrl)
const secrets = Array.from({ length: keys }, (_, i) => secretAt(i))
const known = new Map(secrets.map((secret) => [hash('sha256', secret, 'base64url'), true]))
const requirement = { scopes: ['contacts:read'] }
const caller = { ip: '203.0.113.7' }

const bare: number[] = []
const verdicts: number[] = []
for (let round = 0; round < rounds; round++) {
  bare.push(nanosecondsPerCall((secret) => known.get(hash('sha256', secret, 'base64url')) === true))
  // A new one each round: what is in memory is read again after a few seconds, and no round may run into that.
  const latchkey = await createLatchkey({ database, scopes: SCOPES })
  for (const secret of secrets) await latchkey.verify(secret, requirement, caller)
  verdicts.push(
    nanosecondsPerCall((secret) => {
      const verdict = latchkey.verify(secret, requirement, caller)
      return 'ok' in verdict && verdict.ok
    }),
  )
  await latchkey.close()
}
await database.close()
say({
  keys,
  callsPerRound: CALLS_PER_ROUND,
  rounds,
  bareNs: spreadOf(bare),
  verdictNs: spreadOf(verdicts),
  ratio: ratioOf(verdicts, bare),
})

/** The time of one call. A call that does not answer yes at once makes the figure worthless, so it ends the run. */
function nanosecondsPerCall(call: (secret: string) => boolean): number {
  let yes = 0
  const start = process.hrtime.bigint()
  for (let i = 0; i < CALLS_PER_ROUND; i++) if (call(secrets[i % keys]!)) yes++
  const elapsed = Number(process.hrtime.bigint() - start)
  if (yes !== CALLS_PER_ROUND)
    throw new Error(`${CALLS_PER_ROUND - yes} calls were not answered from memory.`)
  return elapsed / CALLS_PER_ROUND
}
