/**
 * Uses a key for ever, each millisecond, and prints how often it did, until it is killed: target, secret. Time in
 * which something is done at intervals passes twenty times as fast, so that ten seconds are half of one.
 */
import { writeSync } from 'node:fs'
import { createLatchkey } from '@latchkey/engine'

const [target, secret] = process.argv.slice(2) as [string, string]
const realSetInterval = globalThis.setInterval
globalThis.setInterval = ((work: () => void, ms: number) =>
  realSetInterval(work, ms / 20)) as typeof setInterval

const latchkey = await createLatchkey({ database: target })
let uses = 0
realSetInterval(() => {
  void Promise.resolve(latchkey.verify(secret)).then((verdict) => {
    if (verdict.ok) writeSync(1, `${Date.now()} ${++uses}\n`)
  })
}, 1)
