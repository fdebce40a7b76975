import type { PepperOptions } from '@latchkey/fastify'
import { StartError } from './start-error.ts'

const ENTRY = /^([a-z][a-z0-9_-]{0,31}):(\S+)$/

/**
 * Reads `p1:<text> p2:<text>`, the oldest first. The last is the current one unless another is named; `none` is none
 * yet. Whether they will do is for Latchkey to say.
 */
export function readPeppers(text: string | null, current: string | null): PepperOptions | undefined {
  if (text === null) {
    if (current === null) return undefined
    throw new StartError('LATCHKEY_PEPPER names a pepper, but there are none in LATCHKEY_PEPPERS.')
  }
  const entries = text.split(/\s+/).map((entry) => ENTRY.exec(entry))
  if (entries.includes(null)) {
    throw new StartError(
      'LATCHKEY_PEPPERS is no list of peppers with names, as "p1:..." or "p1:... p2:...", the oldest first.',
    )
  }
  const keys = Object.fromEntries(entries.map((entry) => [entry![1]!, entry![2]!]))
  const names = Object.keys(keys)
  if (names.length < entries.length) throw new StartError('LATCHKEY_PEPPERS holds a name twice.')
  const named = current ?? names.at(-1)!
  if (named !== 'none' && !names.includes(named)) {
    throw new StartError(`LATCHKEY_PEPPER must be one of ${names.join(', ')}, or none.`)
  }
  return { current: named === 'none' ? null : named, keys }
}
