/**
 * What one verdict from memory costs, beside the least that any check by hash must do: one SHA-256 and one
 * look-up in a Map. Both run in this process and take turns (A B A B ...), so that the ratio of their medians holds
 * on a noisy machine too.
 */
import { hash } from 'node:crypto'
import { createLatchkey, openDatabase } from '@latchkey/engine'

const KEYS = 1_000
const ROUNDS = 21
const CALLS_PER_ROUND = 200_000

const scopes = { 'contacts:read': 'Read contacts' }
const requirement = { scopes: ['contacts:read'] }
const database = await openDatabase('memory:')
const secrets = await createSecrets()
const known = new Map(secrets.map((secret) => [hash('sha256', secret, 'base64url'), true]))

const bare: number[] = []
const verdicts: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  bare.push(nanosecondsPerCall((secret) => known.get(hash('sha256', secret, 'base64url')) === true))
  // A new one each round: what is in memory is read again after a few seconds, and no round may run into that.
  const latchkey = await createLatchkey({ database, scopes })
  for (const secret of secrets) await latchkey.verify(secret, requirement)
  verdicts.push(
    nanosecondsPerCall((secret) => {
      const verdict = latchkey.verify(secret, requirement)
      return 'ok' in verdict && verdict.ok
    }),
  )
  await latchkey.close()
}
await database.close()

const [a, b] = [median(bare), median(verdicts)]
process.stdout
  .write(`Node ${process.version}, ${KEYS} keys, ${ROUNDS} rounds of ${CALLS_PER_ROUND} calls, medians

  SHA-256 and a Map look-up            ${a.toFixed(0).padStart(5)} ns
  latchkey.verify, one scope, cached   ${b.toFixed(0).padStart(5)} ns   ${(b / a).toFixed(2)} times the above
`)

async function createSecrets(): Promise<string[]> {
  const latchkey = await createLatchkey({ database, scopes })
  const made: string[] = []
  for (let i = 0; i < KEYS; i++) {
    const options = { name: `Key ${i}`, scopes: ['contacts:read'] }
    const created = await latchkey.keys.create('bench', { id: 'bench', name: null }, options)
    if (!created.ok) throw new Error(`The benchmark could not make its keys: ${created.reason}.`)
    made.push(created.secret)
  }
  await latchkey.close()
  return made
}

/** The time of one call. A call that does not answer yes at once makes the figure worthless, so it ends the run. */
function nanosecondsPerCall(call: (secret: string) => boolean): number {
  let yes = 0
  const start = process.hrtime.bigint()
  for (let i = 0; i < CALLS_PER_ROUND; i++) if (call(secrets[i % KEYS]!)) yes++
  const elapsed = Number(process.hrtime.bigint() - start)
  if (yes !== CALLS_PER_ROUND)
    throw new Error(`${CALLS_PER_ROUND - yes} calls were not answered from memory.`)
  return elapsed / CALLS_PER_ROUND
}

function median(values: number[]): number {
  return values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)]!
}
