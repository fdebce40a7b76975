/** Creates keys and prints each secret once its create is acknowledged, until it is killed: target, owner. */
import { writeSync } from 'node:fs'
import { createLatchkey } from '@latchkey/engine'

const [target, owner] = process.argv.slice(2) as [string, string]
const latchkey = await createLatchkey({ database: target, maxKeysPerOwner: 1_000_000 })

async function create(): Promise<void> {
  for (;;) {
    const created = await latchkey.keys.create(owner, { id: 'ann', name: 'Ann' }, { name: 'k' })
    if (created.ok) writeSync(1, `${created.secret}\n`)
  }
}
await Promise.all([create(), create(), create()])
