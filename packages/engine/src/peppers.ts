import { createHmac } from 'node:crypto'
import { createPepperHash, remembering, type HashDigest } from './pepper-hash.ts'
import { readPeppers, type PepperOptions } from './pepper-options.ts'
import { hashSecret } from './secret.ts'

/** What the database has of a secret, and under which pepper; null: none. */
export interface StoredHash {
  hash: string
  pepper: string | null
}

/** A hash under which a secret may be stored. */
export interface PossibleHash extends StoredHash {
  /** Whether it is under none, or under a pepper from before the current one: so it should be stored anew. */
  isBehind: boolean
}

/**
 * The peppers of a host. The digest of a text, which is all that a node needs of it, becomes what is stored: HMAC-SHA-256
 * of it under the current pepper, or itself where there is none. So what was stored without a pepper can be put under one
 * by whoever has the database, and needs nobody to present the text.
 */
export interface Peppers {
  readonly current: string | null
  /** The oldest first. */
  readonly names: readonly string[]
  /** What is stored of a digest from now on. */
  toStore: (digest: string) => StoredHash
  /** What is stored of a secret from now on; cheap for the secrets in use. */
  hashOf: (text: string) => string
  /** Everything that may be stored of a digest; what is stored from now on comes first. */
  possible: (digest: string) => readonly PossibleHash[]
  /** By which the database can tell that a name still means the same pepper. No digest of a text makes the same. */
  checkOf: (name: string) => Buffer
}

/** What a host without peppers has. */
export const NO_PEPPERS: Peppers = {
  current: null,
  names: [],
  toStore: (digest) => ({ hash: digest, pepper: null }),
  hashOf: hashSecret,
  possible: (digest) => [{ hash: digest, pepper: null, isBehind: false }],
  checkOf: () => Buffer.alloc(0),
}

const asItIs: HashDigest = (digest) => digest

/** Makes ready what the option says. @throws Error, a sentence for the developer, which holds no pepper. */
export function createPeppers(options: PepperOptions): Peppers {
  const { current } = options
  const keys = readPeppers(options)
  const names = [...keys.keys()]
  const hashers = new Map<string | null, HashDigest>([[null, asItIs]])
  for (const [name, key] of keys) hashers.set(name, createPepperHash(key))

  const hashNew = hashers.get(current)!
  const hashUsed = remembering(hashNew)
  // Those in use are asked for first.
  const age = (name: string | null) => (name === null ? -1 : names.indexOf(name))
  const others = [...names.toReversed(), null].filter((name) => name !== current)
  const order = [current, ...others].map((pepper) => ({
    pepper,
    hasher: hashers.get(pepper)!,
    isBehind: current !== null && age(pepper) < age(current),
  }))

  return {
    current,
    names,
    toStore: (digest) => ({ hash: hashNew(digest), pepper: current }),
    hashOf: current === null ? hashSecret : (text) => hashUsed(hashSecret(text)),
    possible: (digest) =>
      order.map(({ pepper, hasher, isBehind }) => ({ hash: hasher(digest), pepper, isBehind })),
    checkOf: (name) => createHmac('sha256', keys.get(name)!).update('latchkey pepper check').digest(),
  }
}
