import type { Candidate } from './import-format.ts'
import type { Formats } from './import-options.ts'
import type { ImportStore } from './import-store.ts'
import type { CheckSlowly } from './slow-checks.ts'
import { parseSecret } from './secret.ts'
import { parseSlowHash } from './slow-hash.ts'
import type { KeyFacts } from './verdict.ts'

/** No key of another system is shorter: so few characters could be guessed. */
export const MIN_IMPORTED_LENGTH = 16
export const MAX_IMPORTED_LENGTH = 512
/** Visible ASCII: what a header can carry, and what every hash reads as the same bytes. */
const IMPORTED_TEXT = /^[\x21-\x7E]{16,512}$/

/** What {@link createImportedKeys} needs from outside. */
export interface ImportedKeysOptions {
  formats: Formats
  store: Pick<ImportStore, 'findSlowHash' | 'rehash'>
  checkSlowly: CheckSlowly
}

/** Finds what verdicts need of a key by its hash before any pepper; `isPlain` when it is stored so, under none. */
export type LookUp = (hash: string, isPlain?: boolean) => Promise<KeyFacts | null>

/** Recognises texts that another system may have issued, and finds their keys. */
export interface ImportedKeys {
  /** The hashes under which the key of a text may be kept; null when no other system can have issued the text. */
  candidatesOf(text: string): readonly Candidate[] | null
  /** Finds the key of a text by its own hash or by that of a candidate. */
  find(
    sought: { text: string; hash: string; candidates: readonly Candidate[] },
    how: { lookUp: LookUp; isSuspect: boolean },
  ): Promise<KeyFacts | null>
}

/**
 * Makes the way to keys that other systems issued. All hashes that a text may have are looked up in one statement; of
 * a text that may well be Latchkey's own, its own hash before.
 *
 * A key that is found by a foreign hash is given the hash of its text before anybody hears of it, so that what is
 * remembered of it is remembered by the hash that changes are told by, and so that it is found like any other key
 * from then on. If the key was given another secret meanwhile, the foreign hash counts no more.
 */
export function createImportedKeys({ formats, store, checkSlowly }: ImportedKeysOptions): ImportedKeys {
  async function isProven(
    text: string,
    { isSlow }: Candidate,
    { id }: KeyFacts,
    isSuspect: boolean,
  ): Promise<boolean> {
    if (!isSlow) return true
    const kept = await store.findSlowHash(id)
    const slowHash = kept === null ? null : parseSlowHash(kept)
    return slowHash !== null && checkSlowly(text, slowHash, isSuspect)
  }

  return {
    candidatesOf(text) {
      if (!IMPORTED_TEXT.test(text)) return null
      const ofFormats = [...formats.values()].map((format) => format.candidates(text))
      if (ofFormats.every((candidates) => candidates === null)) return null
      const distinct = new Map(ofFormats.flatMap((all) => (all ?? []).map((one) => [one.hash, one])))
      return [...distinct.values()]
    },

    async find({ text, hash, candidates }, { lookUp, isSuspect }) {
      // Another system's key may look like Latchkey's own, but seldom does.
      const likely = parseSecret(text) === null ? null : await lookUp(hash)
      if (likely !== null) return likely
      const [own, ...found] = await Promise.all([
        lookUp(hash),
        ...candidates.map((one) => lookUp(one.hash, one.isSlow)),
      ])
      if (own) return own
      for (const [place, facts] of found.entries()) {
        const candidate = candidates[place]!
        if (facts === null || !(await isProven(text, candidate, facts, isSuspect))) continue
        await store.rehash(facts.id, { from: candidate.hash, to: hash })
        return lookUp(hash)
      }
      return null
    },
  }
}
