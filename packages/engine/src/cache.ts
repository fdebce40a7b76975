import { StoreUnavailable } from './store-unavailable.ts'
import type { JudgeableKey } from './verdict.ts'

/** No entry is trusted longer, so this bounds how long a change can go unseen when no notification arrives. */
export const MAX_ENTRY_LIFETIME_MS = 5_000
/** Entries end at different times, so that keys first seen together are not all read again together. */
const MIN_ENTRY_LIFETIME_MS = 4_000
const MAX_KNOWN = 20_000
const MAX_UNKNOWN = 10_000
/** Reads under way at once. Beyond it the store is drowning, and an answer now beats a longer queue. */
const MAX_FLIGHTS = 1_000

/** What a {@link createKeyCache} needs from outside. */
export interface KeyCacheOptions {
  /** Reads a key by its hash; null when there is none. */
  load: (hash: string) => Promise<JudgeableKey | null>
  /** Milliseconds of a clock that never steps back. Wall time would stretch an entry's life when it is set back. */
  monotonicNow?: () => number
  random?: () => number
  maxKnown?: number
  maxUnknown?: number
  maxFlights?: number
}

/**
 * Remembers which keys exist, by hash. It holds no secret, and it never decides whether a key may be used.
 *
 * What is known and what is known not to exist are bounded apart, so a flood of invented secrets cannot push
 * out real keys. A flight is one read under way, shared by everyone who asks meanwhile. Whatever invalidates a
 * hash detaches its flight: nobody joins it any more and its result is not stored, because its read may have
 * happened before the change. So once an invalidation has returned, no verdict rests on older data.
 */
export interface KeyCache {
  /** The key; null when it is known not to exist; undefined when the store must be asked. */
  readonly get: (hash: string) => JudgeableKey | null | undefined
  /** Asks the store, or joins whoever is asking. */
  readonly fill: (hash: string) => Promise<JudgeableKey | null>
  /** Forgets one hash. */
  readonly invalidate: (hash: string) => void
  /** Forgets everything, after changes may have been missed. */
  readonly clear: () => void
}

/** Makes an empty cache. */
export function createKeyCache(options: KeyCacheOptions): KeyCache {
  const { load, monotonicNow = performance.now.bind(performance), random = Math.random } = options
  const { maxKnown = MAX_KNOWN, maxUnknown = MAX_UNKNOWN, maxFlights = MAX_FLIGHTS } = options
  const known = createBoundedMap<JudgeableKey>(maxKnown)
  const unknown = createBoundedMap<null>(maxUnknown)
  const flights = new Map<string, Promise<JudgeableKey | null>>()

  function get(hash: string): JudgeableKey | null | undefined {
    const now = monotonicNow()
    const key = known.get(hash, now)
    return key === undefined ? unknown.get(hash, now) : key
  }

  function fill(hash: string): Promise<JudgeableKey | null> {
    const current = flights.get(hash)
    if (current !== undefined) return current
    if (flights.size >= maxFlights) {
      return Promise.reject(new StoreUnavailable('Too many keys are being looked up at once.'))
    }
    // The entry's life starts with the read, not with its end: what it says was true then.
    const startedAt = monotonicNow()
    const isAttached = () => flights.get(hash) === flight
    const flight = load(hash)
      .then((key) => {
        if (isAttached()) remember(hash, key, startedAt)
        return key
      })
      .finally(() => {
        if (isAttached()) flights.delete(hash)
      })
    flights.set(hash, flight)
    return flight
  }

  function remember(hash: string, key: JudgeableKey | null, startedAt: number): void {
    const jitter = random() * (MAX_ENTRY_LIFETIME_MS - MIN_ENTRY_LIFETIME_MS)
    const expiresAt = startedAt + MIN_ENTRY_LIFETIME_MS + jitter
    if (key === null) unknown.set(hash, null, expiresAt)
    else known.set(hash, key, expiresAt)
  }

  return {
    get,
    fill,
    invalidate(hash) {
      flights.delete(hash)
      known.delete(hash)
      unknown.delete(hash)
    },
    clear() {
      flights.clear()
      known.clear()
      unknown.clear()
    },
  }
}

interface Entry<T> {
  value: T
  expiresAt: number
  /** Read since it was last passed over: a cheaper mark than moving the entry at every read. */
  isUsed: boolean
}

/** A map that stays small: when full it drops what expired, then what was not read for longest (second chance). */
function createBoundedMap<T>(limit: number) {
  const entries = new Map<string, Entry<T>>()

  function evictOne(): void {
    for (const [hash, entry] of entries) {
      entries.delete(hash)
      if (!entry.isUsed) return
      entry.isUsed = false
      entries.set(hash, entry)
    }
  }

  return {
    get(hash: string, now: number): T | undefined {
      const entry = entries.get(hash)
      if (entry === undefined) return undefined
      if (entry.expiresAt <= now) {
        entries.delete(hash)
        return undefined
      }
      entry.isUsed = true
      return entry.value
    },
    set(hash: string, value: T, expiresAt: number): void {
      entries.delete(hash)
      if (entries.size >= limit) evictOne()
      entries.set(hash, { value, expiresAt, isUsed: false })
    },
    delete: (hash: string) => entries.delete(hash),
    clear: () => entries.clear(),
  }
}
