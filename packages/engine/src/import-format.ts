import type { Checked } from './checked.ts'

/** What a row says about its secret. */
export interface ForeignHash {
  hash: string
  /** How the key's text begins; `''` when that is not told. */
  start: string
  /** The name of the key of an HMAC. */
  hmacKey: string | undefined
}

/** A foreign hash as it is kept. */
export interface ImportedHash {
  /** What the key is found by until it is used. */
  hash: string
  /** What tells that a row was imported before, whatever became of its key since. */
  source: string
  /** A slow hash, until it was checked once. */
  slowHash: string | null
}

/** A hash under which the key of a text may be kept. */
export interface Candidate {
  hash: string
  /** Whether it is no proof: the text must have the slow hash that is kept with the key. */
  isSlow: boolean
}

/** One way in which another system kept its keys. */
export interface Format {
  /** Reads what a row has. */
  read(foreign: ForeignHash): Checked<ImportedHash>
  /** Where the key of a text may be, beside the text's own SHA-256; null when no key of this format has such a text. */
  candidates(text: string): readonly Candidate[] | null
}

/** Cuts a text before its separator; null where nothing stands on one side of it. */
export function startBefore(separatorIn: (text: string) => number) {
  return (text: string): string | null => {
    const end = separatorIn(text)
    return end > 0 && end < text.length - 1 ? text.slice(0, end) : null
  }
}
