import type { SealedSigningKey } from './signing-key.ts'

/** For how long whoever fetched the public keys may use them without asking again. Libraries keep them as long once more. */
export const JWKS_MAX_AGE_SECONDS = 600
/** For how long a node goes by what it read, when the database is away. */
export const TRUSTED_MS = 15 * 60_000
/**
 * A key is published for so long before it signs, and after it signed last. A node may learn of it `TRUSTED_MS` later,
 * caches have the keys without it for twice `JWKS_MAX_AGE_SECONDS`, and a token may be in use for 15 minutes: what
 * remains, 25 minutes, is by how much the clocks of nodes may differ.
 */
export const OVERLAP_MS = 60 * 60_000
/** After so long another key signs. Often, so that it is nothing special. */
export const SIGNS_FOR_MS = 7 * 86_400_000

/** A key whose turn is later than that was made by a node whose clock is wrong, and must not keep others from coming. */
const FORESEEABLE_MS = 2 * OVERLAP_MS

type Scheduled = Pick<SealedSigningKey, 'kid' | 'signsFromMs'>

/** What there is to do about the keys of a namespace. */
export interface RotationPlan {
  /** From when on a new key shall sign; null: none is needed yet. */
  readonly nextSignsFromMs: number | null
  /** Those by which no token can be signed any more that is still good. */
  readonly ended: readonly string[]
}

/** Decides what there is to do. Pure. The keys are in the order in which they sign. */
export function planRotation(keys: readonly Scheduled[], nowMs: number): RotationPlan {
  const newest = keys.findLast(({ signsFromMs }) => signsFromMs <= nowMs + FORESEEABLE_MS)
  const isDue = newest === undefined || nowMs >= newest.signsFromMs + SIGNS_FOR_MS - OVERLAP_MS
  // The first one signs at once: nobody can have fetched keys without it.
  const leadMs = keys.length === 0 ? 0 : OVERLAP_MS
  return {
    nextSignsFromMs: isDue ? nowMs + leadMs : null,
    ended: keys
      .filter((_, place) => {
        const successor = keys[place + 1]
        return successor !== undefined && successor.signsFromMs + OVERLAP_MS <= nowMs
      })
      .map(({ kid }) => kid),
  }
}

/** Which key signs: the latest whose turn has come. Another node's clock may say that of the first one a little earlier. */
export function signerAt<Key extends Scheduled>(keys: readonly Key[], nowMs: number): Key | undefined {
  return keys.findLast(({ signsFromMs }) => signsFromMs <= nowMs) ?? keys[0]
}
