/**
 * Weighs the heap before and after keys come into memory. The clock stands still meanwhile, so that none of them is
 * forgotten before the last one is there.
 */
import { createLatchkey } from '@latchkey/engine'
import { SCOPES } from './bulk-load.ts'
import { endWithParent, say, settingsOf } from './child-process.ts'
import { concurrently } from './concurrently.ts'
import { secretAt } from './secrets.ts'

const { databaseUrl, keys } = settingsOf<{ databaseUrl: string; keys: number }>()
endWithParent()
const now = Date.now()

const latchkey = await createLatchkey({ database: databaseUrl, scopes: SCOPES, now: () => now })
const requirement = { scopes: ['contacts:read'] }
const caller = { ip: '203.0.113.7' }
// What the first verdicts leave behind for good, as connections and compiled code, is no key's.
await fill(1_000)
const weighedKeys = keys - 1_000
const before = weigh()
await fill(keys)
const after = weigh()

for (let i = 0; i < keys; i++) {
  if (latchkey.verify(secretAt(i), requirement, caller) instanceof Promise) {
    throw new Error(`Key ${i} of ${keys} was not in memory any more.`)
  }
}
say({ cached: weighedKeys, bytesPerKey: (after - before) / weighedKeys })
await latchkey.close()

async function fill(until: number): Promise<void> {
  await concurrently(until, 64, (index) => latchkey.verify(secretAt(index), requirement, caller))
}

function weigh(): number {
  for (let i = 0; i < 5; i++) globalThis.gc!()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
