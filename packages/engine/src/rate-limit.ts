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

/** A window moves on by this part of itself at a time. */
const STEPS = 30
/** Longer than any cache entry that may still hold the limits lives. */
const SWEEP_GRACE_MS = 30_000

/**
 * Units taken within a window that slides. The window is cut into 30 steps, and units are given back when the
 * whole step in which they were taken is outside the window: so no window of this length, wherever it begins,
 * ever holds more than the limit, and units come back at most a thirtieth of the window late. A token bucket
 * (GCRA) would need less memory, but lets up to twice the limit through within one window; a fixed window does
 * so at each edge.
 */
class SlidingWindow {
  readonly #windowMs: number
  readonly #startMs: number
  /** Units by step, as a ring: the step that is now, and those of which a part is still in the window. */
  readonly #taken: number[] = new Array<number>(STEPS + 1).fill(0)
  #step = 0
  /** No units were taken in steps before this one. */
  #oldest = 0
  used = 0

  constructor(windowSeconds: number, nowMs: number) {
    this.#windowMs = windowSeconds * 1_000
    this.#startMs = nowMs
  }

  /** A clock that steps back stands still here. */
  moveTo(nowMs: number): void {
    // Whole numbers but for the one division, so that no rounding moves an edge.
    const step = Math.floor(((nowMs - this.#startMs) * STEPS) / this.#windowMs)
    if (step <= this.#step) return
    const left = Math.min(step - this.#step, STEPS + 1)
    for (let i = 1; i <= left; i++) {
      const slot = (this.#step + i) % (STEPS + 1)
      this.used -= this.#taken[slot]!
      this.#taken[slot] = 0
    }
    this.#step = step
    this.#oldest = Math.max(this.#oldest, step - STEPS)
    while (this.#oldest < step && this.#taken[this.#oldest % (STEPS + 1)] === 0) this.#oldest++
  }

  take(cost: number): void {
    this.used += cost
    this.#taken[this.#step % (STEPS + 1)]! += cost
  }

  /** Milliseconds until at least so many units have come back. */
  msUntilBack(units: number, nowMs: number): number {
    let step = this.#oldest
    let back = this.#taken[step % (STEPS + 1)]!
    while (back < units && step < this.#step) back += this.#taken[++step % (STEPS + 1)]!
    const backAtMs = this.#startMs + Math.ceil(((step + STEPS + 1) * this.#windowMs) / STEPS)
    return Math.max(0, backAtMs - nowMs)
  }
}

/** One limit over a window. Several limits may share a window while a key's limits are being changed. */
class MemoryLimit implements RateLimitState {
  readonly name: string
  readonly limit: number
  readonly windowSeconds: number
  readonly window: SlidingWindow
  #nowMs: number

  constructor({ name, limit, windowSeconds }: RateLimit, window: SlidingWindow, nowMs: number) {
    this.name = name
    this.limit = limit
    this.windowSeconds = windowSeconds
    this.window = window
    this.#nowMs = nowMs
  }

  get remaining(): number {
    return Math.max(0, this.limit - this.window.used)
  }

  get resetSeconds(): number {
    return this.window.used === 0 ? 0 : Math.ceil(this.window.msUntilBack(1, this.#nowMs) / 1_000)
  }

  moveTo(nowMs: number): void {
    this.#nowMs = nowMs
    this.window.moveTo(nowMs)
  }

  hasRoomFor(cost: number): boolean {
    return this.window.used + cost <= this.limit
  }

  /** Null when no waiting helps. */
  retryAfterMs(cost: number, nowMs: number): number | null {
    if (cost > this.limit) return null
    const missing = this.window.used + cost - this.limit
    return missing <= 0 ? 0 : this.window.msUntilBack(missing, nowMs)
  }
}

/** The limits of one key in the memory of this process. */
class MemoryLimits implements KeyLimits {
  readonly states: readonly MemoryLimit[]
  readonly #idleAfterMs: number
  #touchedAtMs: number

  constructor(states: readonly MemoryLimit[], nowMs: number) {
    this.states = states
    this.#idleAfterMs = Math.max(...states.map(({ windowSeconds }) => windowSeconds)) * 2_000 + SWEEP_GRACE_MS
    this.#touchedAtMs = nowMs
  }

  admit(cost: number, nowMs: number): boolean {
    const { states } = this
    this.#touchedAtMs = nowMs
    let hasRoom = true
    for (const state of states) {
      state.moveTo(nowMs)
      if (!state.hasRoomFor(cost)) hasRoom = false
    }
    if (!hasRoom) return false
    for (const state of states) state.window.take(cost)
    return true
  }

  violatedBy(cost: number): string[] {
    return this.states.filter((state) => !state.hasRoomFor(cost)).map(({ name }) => name)
  }

  retryAfterMs(cost: number, nowMs: number): number | null {
    const waits = this.states.map((state) => state.retryAfterMs(cost, nowMs))
    return waits.includes(null) ? null : Math.max(...(waits as number[]))
  }

  touch(nowMs: number): void {
    this.#touchedAtMs = nowMs
  }

  isIdle(nowMs: number): boolean {
    return nowMs - this.#touchedAtMs > this.#idleAfterMs
  }

  isFor(rateLimits: readonly RateLimit[]): boolean {
    return (
      rateLimits.length === this.states.length &&
      rateLimits.every((wanted, index) => isSame(wanted, this.states[index]!))
    )
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

  /** What was taken from a window stays taken when its limit changes, or else each change would give it back. */
  function renew(current: MemoryLimits | undefined, rateLimits: readonly RateLimit[], nowMs: number) {
    const states = rateLimits.map((rateLimit) => {
      const same = current?.states.find((state) => isSameWindow(state, rateLimit))
      const window = same?.window ?? new SlidingWindow(rateLimit.windowSeconds, nowMs)
      return new MemoryLimit(rateLimit, window, nowMs)
    })
    return new MemoryLimits(states, nowMs)
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
