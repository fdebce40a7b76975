import type { KeyCache } from './cache.ts'
import { hashSecret, MAX_SECRET_LENGTH, MIN_SECRET_LENGTH, parseSecret } from './secret.ts'
import type { UsageRecorder } from './usage.ts'
import { judge, MALFORMED, UNKNOWN, type JudgeableKey, type Requirement, type Verdict } from './verdict.ts'

const NO_REQUIREMENT: Requirement = Object.freeze({})

/** What {@link createVerifier} needs from outside. */
export interface VerifierOptions {
  cache: KeyCache
  usage: UsageRecorder
  now: () => number
}

/** Text in, verdict out; see {@link createVerifier}. */
export type Verify = (text: string, requirement?: Requirement) => Verdict | Promise<Verdict>

/**
 * Makes the hot path. A text whose hash the cache knows gets its verdict at once, with no await, no query and
 * no write: its form needs no check, since only a well-formed secret was ever given that hash. Any other text
 * is checked before the store is asked, so a typing mistake costs no query either.
 *
 * It rejects with StoreUnavailable when the store must be asked and cannot answer. It never guesses.
 */
export function createVerifier({ cache, usage, now }: VerifierOptions): Verify {
  function settle(key: JudgeableKey | null, requirement: Requirement): Verdict {
    if (key === null) return UNKNOWN
    const nowMs = now()
    const verdict = judge(key, requirement, nowMs)
    if (verdict.ok) usage.record(key, nowMs)
    return verdict
  }

  async function askStore(hash: string, requirement: Requirement): Promise<Verdict> {
    return settle(await cache.fill(hash), requirement)
  }

  return function verify(text, requirement = NO_REQUIREMENT) {
    if (text.length < MIN_SECRET_LENGTH || text.length > MAX_SECRET_LENGTH) return MALFORMED
    const hash = hashSecret(text)
    const key = cache.get(hash)
    if (key !== undefined) return settle(key, requirement)
    return parseSecret(text) === null ? MALFORMED : askStore(hash, requirement)
  }
}
