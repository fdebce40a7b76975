import { assertIdentity } from './identity.ts'
import { keyIdToUuid } from './key-id.ts'
import type { ApiKey } from './key.ts'
import type { Suspension } from './owners.ts'
import type { Peppers } from './peppers.ts'
import { hashFromBytes } from './secret.ts'

/** By what a key is looked for: its id, how its secret begins, or the SHA-256 of its secret in hexadecimal. */
export type KeyClue = { id: string } | { start: string } | { hash: string }

/** What there is of an owner. */
export interface OwnerSummary {
  /** Keys that are not revoked. */
  keys: number
  suspension: Suspension | null
}

/**
 * The keys of all owners, for the people who run the host and for nobody else: everything else that finds keys asks for
 * the owner first. Whoever offers this to somebody also records what they looked at, with `audit.record`.
 *
 * Each call rejects with StoreUnavailable when the database does not do its part.
 */
export interface Directory {
  /**
   * Finds keys, whosever they are and whatever their state: by an id or a hash one at most, by a start up to 50. A secret
   * that was replaced leads to its key as long as it is kept. Whoever has a secret hashes it where they have it; it never has to
   * be sent. A key of another system is known by its hash from its first use on.
   *
   * @example
   * const [apiKey] = await latchkey.directory.find({ start: 'lk_live_a1B2' })
   */
  find(clue: KeyClue): Promise<ApiKey[]>
  /** What there is of these owners, by name. */
  owners(names: readonly string[]): Promise<ReadonlyMap<string, OwnerSummary>>
  /** The owners that are suspended. */
  suspended(): Promise<string[]>
}

/** A clue that the store understands. */
export type StoredClue = { by: 'id' | 'start'; value: string } | { by: 'hash'; hashes: readonly string[] }

/** Where keys are found across owners. One store serves one namespace; the same promises as KeyStore makes. */
export interface DirectoryStore {
  find(clue: StoredClue): Promise<ApiKey[]>
  owners(names: readonly string[]): Promise<ReadonlyMap<string, OwnerSummary>>
  suspended(): Promise<string[]>
}

const SHA256_HEX = /^[0-9A-Fa-f]{64}$/

/** Makes the directory of one namespace. */
export function createDirectory({ store, peppers }: { store: DirectoryStore; peppers: Peppers }): Directory {
  /** null where no key can be meant. */
  function read(clue: KeyClue): StoredClue | null {
    if ('id' in clue) {
      const uuid = keyIdToUuid(clue.id)
      return uuid === null ? null : { by: 'id', value: uuid }
    }
    if ('start' in clue) return clue.start.includes('\0') ? null : { by: 'start', value: clue.start }
    if (!SHA256_HEX.test(clue.hash)) return null
    const digest = hashFromBytes(Buffer.from(clue.hash, 'hex'))
    return { by: 'hash', hashes: peppers.possible(digest).map(({ hash }) => hash) }
  }

  return {
    async find(clue) {
      const stored = read(clue)
      return stored === null ? [] : store.find(stored)
    },

    owners(names) {
      for (const name of names) assertIdentity(name)
      return store.owners(names)
    },

    suspended: () => store.suspended(),
  }
}
