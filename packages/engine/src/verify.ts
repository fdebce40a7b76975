import type { Attempts } from './attempts.ts'
import type { KeyCache, LoadKey } from './cache.ts'
import type { Caller } from './caller.ts'
import { MAX_IMPORTED_LENGTH, MIN_IMPORTED_LENGTH } from './imported-keys.ts'
import { hashSecret, MAX_SECRET_LENGTH, MIN_SECRET_LENGTH, parseSecret } from './secret.ts'
import type { KeyQuota } from './quota-lease.ts'
import type { KeyLimits } from './rate-limit.ts'
import type { UsageRecorder } from './usage.ts'
import {
  judge,
  MALFORMED,
  UNKNOWN,
  type Accepted,
  type JudgeableKey,
  type QuotaExceeded,
  type RateLimited,
  type Refused,
  type Requirement,
  type Verdict,
} from './verdict.ts'

const NO_REQUIREMENT: Requirement = Object.freeze({})

/** Two ways to the store. */
export interface Ways {
  load: LoadKey
  /** For clients that presented many wrong secrets: a way that cannot crowd out the other. */
  loadForSuspects: LoadKey
}

/** The ways for a text; null when nobody can have issued it. */
export type WaysOf = (text: string) => Ways | null

/** What {@link createWaysOf} needs from outside. */
export interface WaysOptions extends Ways {
  /** The ways for a text that another system may have issued. Left out where no keys of other systems are accepted. */
  waysOfImported?: WaysOf | undefined
  /** The ways for Latchkey's own texts where they differ by the text. */
  waysOfOwn?: ((text: string) => Ways) | undefined
}

/** Makes the choice between the ways of Latchkey's own keys and those of others. */
export function createWaysOf({ load, loadForSuspects, waysOfImported, waysOfOwn }: WaysOptions): WaysOf {
  const ownWays: Ways = { load, loadForSuspects }
  return (text) =>
    waysOfImported?.(text) ?? (parseSecret(text) === null ? null : (waysOfOwn?.(text) ?? ownWays))
}

/** What {@link createVerifier} needs from outside. */
export interface VerifierOptions extends WaysOptions {
  cache: KeyCache
  /** By what the cache knows a text; its SHA-256 when left out. */
  hashOf?: ((text: string) => string) | undefined
  attempts: Attempts
  usage: UsageRecorder
  now: () => number
}

/** Text in, verdict out; see {@link createVerifier}. */
export type Verify = (text: string, requirement?: Requirement, caller?: Caller) => Verdict | Promise<Verdict>

/**
 * Makes the hot path. A text whose hash the cache knows gets its verdict at once, with no await, no query and
 * no write: its form needs no check, since only a text of a good form was ever looked for by that hash. Any other text
 * is checked before the store is asked, so a typing mistake costs no query either, unless keys of other systems
 * are accepted, whose texts may have any form.
 *
 * With a caller, its wrong secrets are counted, its address is noted as the one that used a key last, and a key that is
 * bound to places is held against where it comes from; without one, such a key is refused.
 *
 * The credits of a quota are taken last, from those in memory; when these are used up, more are fetched first.
 *
 * It rejects with StoreUnavailable when the store must be asked and cannot answer. It never guesses.
 */
export function createVerifier({
  cache,
  load,
  loadForSuspects,
  waysOfImported,
  waysOfOwn,
  hashOf = hashSecret,
  attempts,
  usage,
  now,
}: VerifierOptions): Verify {
  const minLength = waysOfImported === undefined ? MIN_SECRET_LENGTH : MIN_IMPORTED_LENGTH
  const maxLength = waysOfImported === undefined ? MAX_SECRET_LENGTH : MAX_IMPORTED_LENGTH
  const waysOf = createWaysOf({ load, loadForSuspects, waysOfImported, waysOfOwn })

  function settle(
    judgeable: JudgeableKey | null,
    requirement: Requirement,
    caller: Caller | undefined,
    nowMs: number,
  ): Verdict | Promise<Verdict> {
    if (judgeable === null) return refuseSecret(UNKNOWN, caller, nowMs)
    const verdict = judge(judgeable, requirement, nowMs, caller)
    if (verdict.ok && judgeable.limits !== null) {
      const { cost = 1 } = requirement
      const isAdmitted = judgeable.limits.admit(cost, nowMs)
      if (isAdmitted instanceof Promise) {
        return isAdmitted.then((late) =>
          late ? spend(judgeable, verdict, cost, caller, nowMs) : limit(judgeable, cost, caller, nowMs),
        )
      }
      if (!isAdmitted) return limit(judgeable, cost, caller, nowMs)
    }
    if (!verdict.ok || judgeable.quota === null) return conclude(judgeable, verdict, caller, nowMs)
    return spend(judgeable, verdict, requirement.cost ?? 1, caller, nowMs)
  }

  function spend(
    judgeable: JudgeableKey,
    verdict: Accepted,
    cost: number,
    caller: Caller | undefined,
    nowMs: number,
  ): Verdict | Promise<Verdict> {
    const isPaid = judgeable.quota?.take(cost, nowMs) ?? true
    if (isPaid instanceof Promise) {
      return isPaid.then((late) =>
        late ? conclude(judgeable, verdict, caller, nowMs) : exceed(judgeable, cost, caller, nowMs),
      )
    }
    return isPaid ? conclude(judgeable, verdict, caller, nowMs) : exceed(judgeable, cost, caller, nowMs)
  }

  function conclude(
    { meter }: JudgeableKey,
    verdict: Verdict,
    caller: Caller | undefined,
    nowMs: number,
  ): Verdict {
    usage.record(meter, verdict.ok ? 'accepted' : verdict.reason, nowMs, caller)
    return verdict
  }

  function limit(judgeable: JudgeableKey, cost: number, caller: Caller | undefined, nowMs: number): Verdict {
    const limits = judgeable.limits as KeyLimits
    const verdict: RateLimited = {
      ok: false,
      reason: 'rate_limited',
      key: judgeable.accepted.key,
      rateLimits: limits.states,
      violated: limits.violatedBy(cost),
      retryAfterMs: limits.retryAfterMs(cost, nowMs),
    }
    return conclude(judgeable, verdict, caller, nowMs)
  }

  function exceed(judgeable: JudgeableKey, cost: number, caller: Caller | undefined, nowMs: number): Verdict {
    const { key, rateLimits } = judgeable.accepted
    const retryAfterMs = (judgeable.quota as KeyQuota).retryAfterMs(cost)
    const verdict: QuotaExceeded = { ok: false, reason: 'quota_exceeded', key, rateLimits, retryAfterMs }
    return conclude(judgeable, verdict, caller, nowMs)
  }

  function refuseSecret(verdict: Refused, caller: Caller | undefined, nowMs: number): Refused {
    const retryAfterMs = caller === undefined ? 0 : attempts.fail(caller, nowMs)
    return retryAfterMs === 0 ? verdict : { ok: false, reason: 'too_many_attempts', key: null, retryAfterMs }
  }

  async function askStore(
    hash: string,
    ways: Ways,
    requirement: Requirement,
    caller: Caller | undefined,
    nowMs: number,
  ): Promise<Verdict> {
    const isSuspect = caller !== undefined && attempts.isSuspect(caller, nowMs)
    const judgeable = await cache.fill(hash, isSuspect ? ways.loadForSuspects : ways.load)
    return settle(judgeable, requirement, caller, now())
  }

  return function verify(text, requirement = NO_REQUIREMENT, caller) {
    const nowMs = now()
    if (text.length < minLength || text.length > maxLength) {
      return refuseSecret(MALFORMED, caller, nowMs)
    }
    const hash = hashOf(text)
    const judgeable = cache.get(hash, nowMs)
    if (judgeable !== undefined) return settle(judgeable, requirement, caller, nowMs)
    const ways = waysOf(text)
    if (ways === null) return refuseSecret(MALFORMED, caller, nowMs)
    return askStore(hash, ways, requirement, caller, nowMs)
  }
}
