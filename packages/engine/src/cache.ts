import { DigestTable } from './digest-table.ts'
import { bytesOf, type JudgeableKey } from './verdict.ts'

/**
 * No entry is trusted for longer than this after it was read, or after the log of changes was read to its end: so
 * this bounds how long a change can go unseen when neither notifications nor the log come through.
 */
export const MAX_UNCONFIRMED_MS = 5_000
/** Even a confirmed entry is read again after this, in case the database was changed behind its triggers' back. */
export const MAX_LIFETIME_MS = 60_000
/** Entries end at different times, so that keys first seen together are not all read again together. */
const JITTER = 0.2
const MAX_KNOWN = 200_000
const MAX_KNOWN_BYTES = 128 * 2 ** 20
const MAX_UNKNOWN = 20_000
/** What an entry takes beside the key it holds: its object, its digest and its slots. */
const ENTRY_BYTES = 136

/** Reads a key by its hash; null when there is none. */
export type LoadKey = (hash: string) => Promise<JudgeableKey | null>

/** What a {@link createKeyCache} needs from outside. */
export interface KeyCacheOptions {
  /** Milliseconds since 1970: the clock of the `nowMs` that `get` is given. */
  now: () => number
  random?: () => number
  maxKnown?: number
  maxKnownBytes?: number
  maxUnknown?: number
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
  readonly get: (hash: string, nowMs: number) => JudgeableKey | null | undefined
  /** Asks the store by `load`, or joins whoever is asking. */
  readonly fill: (hash: string, load: LoadKey) => Promise<JudgeableKey | null>
  /** Every change that was made before this moment has been told: what is known is as good as read then. */
  readonly confirm: (atMs: number) => void
  /** Forgets one hash. */
  readonly invalidate: (hash: string) => void
  /** Forgets everything, after changes may have been missed. */
  readonly clear: () => void
}

/** Makes an empty cache. */
export function createKeyCache(options: KeyCacheOptions): KeyCache {
  const { now, random = Math.random } = options
  const { maxKnown = MAX_KNOWN, maxKnownBytes = MAX_KNOWN_BYTES, maxUnknown = MAX_UNKNOWN } = options
  const known = new DigestTable<JudgeableKey>({
    maxEntries: maxKnown,
    maxBytes: maxKnownBytes,
    unconfirmedPart: MAX_UNCONFIRMED_MS / MAX_LIFETIME_MS,
    bytesOf: (key) => ENTRY_BYTES + bytesOf(key),
  })
  const unknown = new DigestTable<null>({
    maxEntries: maxUnknown,
    maxBytes: Infinity,
    unconfirmedPart: 1,
    bytesOf: () => ENTRY_BYTES,
  })
  const flights = new Map<string, Promise<JudgeableKey | null>>()

  function get(hash: string, nowMs: number): JudgeableKey | null | undefined {
    const key = known.get(hash, nowMs)
    return key === undefined ? unknown.get(hash, nowMs) : key
  }

  function fill(hash: string, load: LoadKey): Promise<JudgeableKey | null> {
    const current = flights.get(hash)
    if (current !== undefined) return current
    // The entry's life starts with the read, not with its end: what it says was true then.
    const startedAt = now()
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

  function remember(hash: string, key: JudgeableKey | null, readMs: number): void {
    const part = 1 - JITTER + JITTER * random()
    if (key === null) unknown.set(hash, null, { readMs, lifetimeMs: part * MAX_UNCONFIRMED_MS })
    else known.set(hash, key, { readMs, lifetimeMs: part * MAX_LIFETIME_MS })
  }

  return {
    get,
    fill,
    confirm: (atMs) => known.confirm(atMs),
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
