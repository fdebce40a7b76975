import type { Author } from './author.ts'
import type { NewKey } from './store.ts'

/** A key of another system that does not exist here yet. */
export interface NewImport extends Omit<NewKey, 'pepper'> {
  /** Before any pepper. */
  hash: string
  /** What tells that the row was imported before. */
  source: string
  slowHash: string | null
  disabledAt: Date | null
}

/** What became of a row. */
export type ImportOutcome =
  | 'added'
  /** It was imported before, or its secret is a key already. */
  | 'known'
  | 'too_many_keys'
  /** Another key with a salted hash begins alike. */
  | 'start_taken'
  /** Its secret is a key of another namespace. */
  | 'elsewhere'

/**
 * Where keys of other systems are kept until they are used. One store serves one namespace. Every method rejects
 * with StoreUnavailable, and nothing else, when the database does not do its part in time.
 */
export interface ImportStore {
  /**
   * Stores those of the rows that are not known, in one transaction, as long as their owners have less than
   * `maxKeys` keys that are not revoked; exact, however many imports and creates run at once. No two of the rows
   * may have the same hash.
   */
  add(rows: readonly NewImport[], options: { actor: Author; maxKeys: number }): Promise<ImportOutcome[]>

  /** Lets the database look at what it has, as it would by itself a minute later: until then it finds keys slowly. */
  refreshStatistics(): Promise<void>

  /** The slow hash of a key that was not used yet, or null. */
  findSlowHash(id: string): Promise<string | null>

  /**
   * Gives a key the hash of its text, unless it has another than `from` by now; both before any pepper, and stored under
   * the current one.
   */
  rehash(id: string, hashes: { from: string; to: string }): Promise<void>
}
