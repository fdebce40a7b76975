/** Issues and verifies fifty keys, prints their secrets, forgets them, and prints everything that is in memory: target. */
import { writeSync } from 'node:fs'
import { getHeapSnapshot } from 'node:v8'
import { createLatchkey } from '@latchkey/engine'

const latchkey = await createLatchkey({ database: process.argv[2] })

async function issueAndVerify(name: string): Promise<void> {
  const created = await latchkey.keys.create('owner', { id: 'ann', name: null }, { name })
  if (!created.ok) throw new Error(created.reason)
  writeSync(1, `${created.secret}\n`)
  await latchkey.verify(created.secret)
  await latchkey.verify(created.secret)
}

for (let i = 0; i < 50; i++) await issueAndVerify(`name of a cached key ${i}`)
// The engine of regular expressions remembers the last text it matched.
new RegExp('.').test('another text')
globalThis.gc!()
for await (const chunk of getHeapSnapshot()) process.stdout.write(chunk as Buffer)
await latchkey.close()
