/**
 * One of several nodes on a database, in a process of its own, which does as its parent says: target.
 * Answers `verify` with what came of it, `burst` and `spend` with how often each outcome came of verifying many times at
 * once or for a while, `hammer` by verifying all the time until it is told `stop`, which it
 * answers with when the last verdict was good; and ends after `close`.
 */
import { setTimeout } from 'node:timers/promises'
import { createLatchkey, type Verdict } from '@latchkey/engine'

/** What the parent says. */
export type Order =
  | { verb: 'verify'; secret: string }
  | { verb: 'burst'; secret: string; cost: number; count: number }
  | { verb: 'spend'; secret: string; cost: number; forMs: number }
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

async function burst(secret: string, cost: number, count: number, outcomes: Record<string, number> = {}) {
  const verdicts = await Promise.all(
    Array.from({ length: count }, async () => latchkey.verify(secret, { cost })),
  )
  for (const verdict of verdicts) outcomes[outcome(verdict)] = (outcomes[outcome(verdict)] ?? 0) + 1
  return outcomes
}

async function spend(secret: string, cost: number, forMs: number) {
  const outcomes = {}
  for (const until = Date.now() + forMs; Date.now() < until; await setTimeout(2)) {
    await burst(secret, cost, 5, outcomes)
  }
  return outcomes
}

process.on('message', (order: Order) => void obey(order))
process.send!('ready')

async function obey(order: Order): Promise<void> {
  switch (order.verb) {
    case 'verify':
      return void process.send!(outcome(await latchkey.verify(order.secret)))
    case 'burst':
      return void process.send!(await burst(order.secret, order.cost, order.count))
    case 'spend':
      return void process.send!(await spend(order.secret, order.cost, order.forMs))
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
