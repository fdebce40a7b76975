/**
 * One of several nodes on a database, in a process of its own, which does as its parent says: target.
 * Answers `verify` with what came of it, `hammer` by verifying all the time until it is told `stop`, which it
 * answers with when the last verdict was good; and ends after `close`.
 */
import { setTimeout } from 'node:timers/promises'
import { createLatchkey, type Verdict } from '@latchkey/engine'

/** What the parent says. */
export type Order =
  | { verb: 'verify'; secret: string }
  | { verb: 'hammer'; secret: string }
  | { verb: 'stop' }
  | { verb: 'close' }

const latchkey = await createLatchkey({ database: process.argv[2] })
let lastGood = 0
let isHammering = false

const outcome = (verdict: Verdict) => (verdict.ok ? 'ok' : verdict.reason)

async function hammer(secret: string): Promise<void> {
  isHammering = true
  while (isHammering) {
    if (outcome(await latchkey.verify(secret)) === 'ok') lastGood = Date.now()
    await setTimeout(1)
  }
}

process.on('message', (order: Order) => void obey(order))
process.send!('ready')

async function obey(order: Order): Promise<void> {
  switch (order.verb) {
    case 'verify':
      return void process.send!(outcome(await latchkey.verify(order.secret)))
    case 'hammer':
      process.send!(outcome(await latchkey.verify(order.secret)))
      return hammer(order.secret)
    case 'stop':
      isHammering = false
      return void process.send!(lastGood)
    case 'close':
      await latchkey.close()
      process.disconnect()
  }
}
