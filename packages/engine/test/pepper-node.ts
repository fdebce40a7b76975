/**
 * A node with peppers, in a process of its own: target, and its options as JSON. Says `ready`, or how it could not start
 * and ends with 1. Told `hammer` with secrets, it verifies them again and again until it is told `stop`, which it answers
 * with how often each outcome came; told `apply`, it applies the current pepper to everything.
 */
import { setTimeout } from 'node:timers/promises'
import { createLatchkey, type LatchkeyOptions } from '@latchkey/engine'

/** What the parent says. */
export type Order = { verb: 'hammer'; secrets: string[] } | { verb: 'apply' } | { verb: 'stop' }

const [, , target, options] = process.argv as [string, string, string, string]
const latchkey = await createLatchkey({ database: target, ...(JSON.parse(options) as LatchkeyOptions) })
let isStopped = false
let hammering: Promise<Record<string, number>> | undefined

async function hammer(secrets: readonly string[]): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {}
  for (let at = 0; !isStopped; at = (at + 1) % secrets.length) {
    const verdict = await latchkey.verify(secrets[at]!)
    const outcome = verdict.ok ? 'ok' : verdict.reason
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    if (at % 30 === 0) await setTimeout(2)
  }
  return outcomes
}

process.on('message', (order: Order) => {
  if (order.verb === 'hammer') hammering = hammer(order.secrets)
  if (order.verb === 'apply') {
    void latchkey.peppers!.apply({ onProgress: (applied) => process.send!({ applied }) })
  }
  if (order.verb === 'stop') void stop()
})
process.send!('ready')

async function stop(): Promise<void> {
  isStopped = true
  const outcomes = await hammering
  await latchkey.close()
  process.send!(outcomes ?? {}, () => process.disconnect())
}
