import type { Move } from './redigest.ts'

/** How many secrets that may still be presented are under one pepper, or under none. */
export interface PepperCount {
  pepper: string | null
  /** Of keys that are not revoked, or can be restored. */
  keys: number
  /** That were replaced, and whose grace is not over. */
  retiredSecrets: number
}

/** A key whose secret, or the one before it, is still under a pepper. */
export interface KeyUnderPepper {
  id: string
  owner: string
  name: string
  start: string
  createdAt: Date
}

/** A stretch of keys in the order of their ids. */
export interface KeyStretch {
  /** The last id of it; null at the end. */
  last: string | null
  /** Of its secrets that are under no pepper. */
  hashes: string[]
}

/**
 * Where it is kept which peppers there are, and which secrets are under which. One store serves one namespace. Every
 * method rejects with StoreUnavailable, and nothing else, when the database does not do its part in time.
 */
export interface PepperStore {
  /** Every pepper that was ever in use, by name, with what it is recognised by. */
  known(): Promise<ReadonlyMap<string, Uint8Array>>
  /** Notes a pepper, unless there is one of that name. */
  note(name: string, check: Uint8Array): Promise<void>
  /** Counts as of this moment. */
  count(pepper: string | null, now: Date): Promise<PepperCount>
  /** Up to so many of the keys that `count` counts, in the order of their ids, from behind one on. */
  list(
    pepper: string | null,
    now: Date,
    page: { limit: number; after: string | null },
  ): Promise<KeyUnderPepper[]>
  /**
   * Stores secrets under a pepper by other hashes, all or none, as far as they are as they were and nobody else changes
   * their keys just now. @returns how many.
   */
  redigest(moves: readonly Move[], pepper: string): Promise<number>
  /** The next keys behind an id, with those hashes that are the digest of a secret or of what another system had of it. */
  unpeppered(after: string | null): Promise<KeyStretch>
}
