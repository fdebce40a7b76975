import { MAX_LIFETIME_MS, type KeyCache } from './cache.ts'
import type { LookUp } from './imported-keys.ts'
import type { Peppers } from './peppers.ts'
import type { Redigest } from './redigest.ts'
import { hashSecret } from './secret.ts'
import type { KeyFacts } from './verdict.ts'

/** Finds what verdicts need of a key by one of several hashes, in one look at the database. */
export type LookUpOneOf = (hashes: readonly string[]) => Promise<KeyFacts | null>

/** What {@link createPepperedKeys} needs from outside. */
export interface PepperedKeysOptions {
  peppers: Peppers
  cache: KeyCache
  redigest: Redigest
  now: () => number
}

/** Keys of which each may be stored under another pepper. */
export interface PepperedKeys {
  /** The same cache. What it knows by a hash of the current pepper is forgotten by whatever is stored instead, too. */
  cache: KeyCache
  /** Finds the key of a text, for the cache to keep by the hash that it was asked for, that of the current pepper. */
  find(text: string, hash: string, by: PepperedSearch): Promise<KeyFacts | null>
  /** Forgets by what else was searched long ago. */
  sweep(): void
}

/** How the key of a text is searched, by its digest and perhaps by others. */
export interface PepperedSearch {
  lookUp: LookUpOneOf
  search: (digest: string, lookUp: LookUp) => Promise<KeyFacts | null>
}

/** Longer than an entry of the cache lives. */
const ALIAS_LIFETIME_MS = MAX_LIFETIME_MS + 10_000
const MAX_ALIASES = 200_000

interface Alias {
  /** By what the cache knows the key. */
  hash: string
  sinceMs: number
  /** Somebody else relies on it, too: a search before, or what the cache knows. */
  isShared: boolean
}

/**
 * Makes the way to keys that may be stored under several peppers.
 *
 * A key is asked for by all its possible hashes in one statement, which sees the key as it is at one moment: a key that
 * is stored anew meanwhile is found under the one hash or the other. Found under an older pepper, it is accepted at once,
 * and stored anew afterwards.
 *
 * Changes are told by the hash that is stored. Before anybody looks, each of the others is noted, so that a change also
 * reaches a read under way; and when a key was found under one of them, that note stays as long as the cache may know it.
 */
export function createPepperedKeys({ peppers, cache, redigest, now }: PepperedKeysOptions): PepperedKeys {
  const aliases = new Map<string, Alias>()

  /** @returns those that nobody had noted. */
  function note(others: readonly string[], hash: string): ReadonlyMap<string, Alias> {
    if (aliases.size >= MAX_ALIASES) {
      // Whatever the cache knows by a hash that is noted no more would be beyond reach.
      aliases.clear()
      cache.clear()
    }
    const made = new Map<string, Alias>()
    for (const other of others) {
      const noted = aliases.get(other)
      if (noted === undefined) made.set(other, { hash, sinceMs: now(), isShared: false })
      else Object.assign(noted, { sinceMs: now(), isShared: true })
    }
    for (const [other, alias] of made) aliases.set(other, alias)
    return made
  }

  const lookUpBy =
    (lookUp: LookUpOneOf): LookUp =>
    async (digest, isPlain = false) => {
      if (isPlain) return lookUp([digest])
      const possible = peppers.possible(digest)
      const facts = await lookUp(possible.map(({ hash }) => hash))
      const found = facts && possible.find(({ hash }) => hash === facts.hash)
      if (found?.isBehind) redigest.add({ from: found.hash, to: possible[0]!.hash })
      return facts
    }

  return {
    cache: {
      ...cache,
      invalidate(hash) {
        cache.invalidate(hash)
        const alias = aliases.get(hash)
        if (alias !== undefined) {
          aliases.delete(hash)
          cache.invalidate(alias.hash)
        }
      },
      clear() {
        aliases.clear()
        cache.clear()
      },
    },

    async find(text, hash, { lookUp, search }) {
      const digest = hashSecret(text)
      const [, ...others] = peppers.possible(digest).map((one) => one.hash)
      const made = note(others, hash)
      let stored: string | undefined
      try {
        const facts = await search(digest, lookUpBy(lookUp))
        stored = facts?.hash
        return facts
      } finally {
        for (const [other, alias] of made) {
          if (other !== stored && !alias.isShared && aliases.get(other) === alias) aliases.delete(other)
        }
      }
    },

    sweep() {
      const before = now() - ALIAS_LIFETIME_MS
      for (const [hash, { sinceMs }] of aliases) if (sinceMs < before) aliases.delete(hash)
    },
  }
}
