import { MAX_LIFETIME_MS } from './cache.ts'
import {
  msUntilBack,
  slideWindow,
  takeFrom,
  usedOf,
  windowsIn,
  withCopy,
  withWindow,
  type WindowLedger,
} from './sliding-window.ts'

/** How often a key may be used: at most `limit` units in any `windowSeconds` in a row. */
export interface RateLimit {
  /** Tells the limits of a key apart, as `burst` and `sustained`. */
  readonly name: string
  /** 1 to 1,000,000. A request takes one unit, unless its route says that it costs more. */
  readonly limit: number
  /** 1 to 3,600. */
  readonly windowSeconds: number
}

/** Where a limit stands after a request. It is live: read it before the next request changes it. */
export interface RateLimitState extends RateLimit {
  /** Units that are left now. */
  readonly remaining: number
  /** Whole seconds until units that were taken come back; 0 when none are taken. */
  readonly resetSeconds: number
}

/** The limits of one key, with what was taken from each. */
export interface KeyLimits {
  readonly states: readonly RateLimitState[]
  /**
   * Takes the units from every limit, or, when one has too few, from none. A limiter that has to ask elsewhere
   * answers with a promise.
   */
  admit(cost: number, nowMs: number): boolean | Promise<boolean>
  /** The names of the limits that have too few units for the cost. */
  violatedBy(cost: number): string[]
  /** Milliseconds until the same request would be admitted; null when its cost is more than a limit allows at all. */
  retryAfterMs(cost: number, nowMs: number): number | null
}

/** Keeps what was taken from the limits of keys, apart from the cache, whose entries come and go. */
export interface RateLimiter {
  /** The limits of a key, with what was taken from them so far; null when it has none. */
  limitsOf(id: string, rateLimits: readonly RateLimit[], nowMs: number): KeyLimits | null
  /** Forgets what is spent for nothing: limits from which nothing was taken for longer than they look back. */
  sweep(nowMs: number): void
}

/** An entry of the cache may still hold limits that nobody asked the limiter for since. */
const SWEEP_GRACE_MS = 1.5 * MAX_LIFETIME_MS
/** A ledger with more windows than this is not added to: most of them are of limits that the key had once. */
const MAX_WINDOWS = 20

/** What was taken from all limits of one key. */
interface Account {
  ledger: WindowLedger
  /** When it was used last, in milliseconds from the limiter's start. */
  usedAt: number
}

/** One limit over a window. Several limits may share a window while a key's limits are being changed. */
class MemoryLimit implements RateLimitState {
  readonly name: string
  readonly limit: number
  readonly windowSeconds: number
  readonly account: Account
  readonly place: number

  constructor({ name, limit, windowSeconds }: RateLimit, account: Account, place: number) {
    this.name = name
    this.limit = limit
    this.windowSeconds = windowSeconds
    this.account = account
    this.place = place
  }

  get remaining(): number {
    return Math.max(0, this.limit - usedOf(this.account.ledger, this.place))
  }

  get resetSeconds(): number {
    const { ledger, usedAt } = this.account
    return usedOf(ledger, this.place) === 0
      ? 0
      : Math.ceil(msUntilBack(ledger, this.place, 1, usedAt) / 1_000)
  }

  hasRoomFor(cost: number): boolean {
    return usedOf(this.account.ledger, this.place) + cost <= this.limit
  }

  /** Null when no waiting helps. */
  retryAfterMs(cost: number, at: number): number | null {
    if (cost > this.limit) return null
    const missing = usedOf(this.account.ledger, this.place) + cost - this.limit
    return missing <= 0 ? 0 : msUntilBack(this.account.ledger, this.place, missing, at)
  }
}

/** The limits of one key in the memory of this process. */
class MemoryLimits implements KeyLimits {
  readonly states: readonly MemoryLimit[]
  readonly account: Account
  readonly #startSeconds: number
  readonly #idleAfterMs: number

  constructor(states: readonly MemoryLimit[], account: Account, startSeconds: number) {
    this.states = states
    this.account = account
    this.#startSeconds = startSeconds
    this.#idleAfterMs = Math.max(...states.map(({ windowSeconds }) => windowSeconds)) * 2_000 + SWEEP_GRACE_MS
  }

  admit(cost: number, nowMs: number): boolean {
    const { states, account } = this
    const { ledger } = account
    const at = this.#sinceStart(nowMs)
    account.usedAt = at
    let hasRoom = true
    for (const { place, limit } of states) {
      slideWindow(ledger, place, at)
      if (usedOf(ledger, place) + cost > limit) hasRoom = false
    }
    if (!hasRoom) return false
    for (const { place } of states) takeFrom(ledger, place, cost)
    return true
  }

  violatedBy(cost: number): string[] {
    return this.states.filter((state) => !state.hasRoomFor(cost)).map(({ name }) => name)
  }

  retryAfterMs(cost: number, nowMs: number): number | null {
    const waits = this.states.map((state) => state.retryAfterMs(cost, this.#sinceStart(nowMs)))
    return waits.includes(null) ? null : Math.max(...(waits as number[]))
  }

  touch(nowMs: number): void {
    this.account.usedAt = this.#sinceStart(nowMs)
  }

  isIdle(nowMs: number): boolean {
    return this.#sinceStart(nowMs) - this.account.usedAt > this.#idleAfterMs
  }

  isFor(rateLimits: readonly RateLimit[]): boolean {
    return (
      rateLimits.length === this.states.length &&
      rateLimits.every((wanted, index) => isSame(wanted, this.states[index]!))
    )
  }

  #sinceStart(nowMs: number): number {
    return nowMs - this.#startSeconds * 1_000
  }
}

function isSame(a: RateLimit, b: RateLimit): boolean {
  return isSameWindow(a, b) && a.limit === b.limit
}

function isSameWindow(a: RateLimit, b: RateLimit): boolean {
  return a.name === b.name && a.windowSeconds === b.windowSeconds
}

/**
 * Makes a limiter for one process: exact here, while several processes each count for themselves. What was taken
 * is forgotten at a restart.
 */
export function createRateLimiter(): RateLimiter {
  const limits = new Map<string, MemoryLimits>()
  let startSeconds: number | null = null

  /** What was taken from a window stays taken when its limit changes, or else each change would give it back. */
  function renew(current: MemoryLimits | undefined, rateLimits: readonly RateLimit[], nowMs: number) {
    startSeconds ??= Math.floor(nowMs / 1_000)
    const before = current?.account
    const hasRoom = before !== undefined && windowsIn(before.ledger) + rateLimits.length <= MAX_WINDOWS
    const account: Account = hasRoom ? before : { ledger: [], usedAt: 0 }

    function placeOf(rateLimit: RateLimit): number {
      const same = current?.states.find((state) => isSameWindow(state, rateLimit))
      if (same?.account === account) return same.place
      const { ledger } = account
      account.ledger =
        same === undefined
          ? withWindow(ledger, rateLimit.windowSeconds)
          : withCopy(ledger, same.account.ledger, same.place)
      return ledger.length
    }

    const states = rateLimits.map((rateLimit) => new MemoryLimit(rateLimit, account, placeOf(rateLimit)))
    return new MemoryLimits(states, account, startSeconds)
  }

  return {
    limitsOf(id, rateLimits, nowMs) {
      if (rateLimits.length === 0) return null
      let found = limits.get(id)
      if (!found?.isFor(rateLimits)) {
        found = renew(found, rateLimits, nowMs)
        limits.set(id, found)
      }
      found.touch(nowMs)
      return found
    },
    sweep(nowMs) {
      for (const [id, keyLimits] of limits) if (keyLimits.isIdle(nowMs)) limits.delete(id)
    },
  }
}
