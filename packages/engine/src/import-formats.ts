import { createHmac, hash as digestOf } from 'node:crypto'
import { invalid, type Checked } from './key-input.ts'
import { importedHash, readDigest } from './imported-digest.ts'
import { hashFromBytes } from './secret.ts'
import { parseArgon2, parseBcrypt, parseDjango, type SlowHash } from './slow-hash.ts'

/** What other systems make of their keys; what each means is told in docs/import.md. */
export const IMPORT_FORMATS = [
  'sha256',
  'sha512',
  'hmac-sha256',
  'hmac-sha512',
  'bcrypt',
  'argon2',
  'better-auth',
  'unkey',
  'prefixed-api-key',
  'sanctum',
  'drf-api-key',
] as const

/** What another system made of its keys. */
export type ImportFormat = (typeof IMPORT_FORMATS)[number]

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

/** What the formats are made with. */
export interface FormatSettings {
  hmacKeys: ReadonlyMap<string, Uint8Array | string>
  startLength: number
}

const ALWAYS_KNOWN: readonly Candidate[] = []

/** The text's own SHA-256, which is what Latchkey keeps itself. */
const sha256: Format = {
  read({ hash }) {
    const digest = readDigest(hash, 32)
    if (digest === null) return invalid('hash', 'must be SHA-256 in hex, base64 or base64url')
    const own = hashFromBytes(digest)
    return { ok: true, value: { hash: own, source: own, slowHash: null } }
  },
  candidates: () => ALWAYS_KNOWN,
}

/** Another digest of the whole text. */
function digestFormat(kind: string, size: number, digest: (text: string) => Uint8Array): Format {
  return {
    read({ hash }) {
      const bytes = readDigest(hash, size)
      if (bytes === null) {
        return invalid('hash', `must be ${size} bytes in hex, base64 or base64url`)
      }
      return { ok: true, value: proof(importedHash(kind, '', bytes)) }
    },
    candidates: (text) => [candidate(importedHash(kind, '', digest(text)))],
  }
}

const sha512 = digestFormat('sha512', 64, (text) => digestOf('sha512', text, 'buffer'))

/** HMACs with keys that only this process has. */
function hmacFormat(algorithm: 'sha256' | 'sha512', keys: FormatSettings['hmacKeys']): Format {
  const size = algorithm === 'sha256' ? 32 : 64
  const byName = new Map(
    [...keys].map(([name, key]) => [
      name,
      digestFormat(`hmac-${algorithm}:${name}`, size, (text) =>
        createHmac(algorithm, key).update(text).digest(),
      ),
    ]),
  )
  return {
    read(foreign) {
      const format = byName.get(foreign.hmacKey ?? '')
      return (
        format?.read(foreign) ??
        invalid('hmacKey', `must be one of the option imports.hmacKeys: ${[...keys.keys()].join(', ')}`)
      )
    },
    candidates: (text) => [...byName.values()].flatMap((format) => format.candidates(text)!),
  }
}

/**
 * SHA-256 of what follows a separator. What stands before it belongs to the key: a secret behind another start is
 * another text, which nobody was given.
 */
function partFormat(kind: string, separatorIn: (text: string) => number, example: string): Format {
  const startOf = startBefore(separatorIn)
  return {
    read({ hash, start }) {
      const digest = readDigest(hash, 32)
      if (digest === null) return invalid('hash', 'must be SHA-256 in hex, base64 or base64url')
      if (startOf(`${start}${example}`) !== start || start === '') {
        return invalid('start', `must be what stands before the last part of the key, before "${example[0]}"`)
      }
      return { ok: true, value: proof(importedHash(kind, start, digest)) }
    },
    candidates(text) {
      const start = startOf(text)
      if (start === null) return null
      const secret = text.slice(start.length + 1)
      return [candidate(importedHash(kind, start, digestOf('sha256', secret, 'buffer')))]
    },
  }
}

/** A slow hash of the whole text. It is salted, so the key is found by how its text begins. */
function slowFormat(
  kind: string,
  parseSlowHash: (text: string) => SlowHash | null,
  { startOf, expected }: { startOf: (text: string) => string | null; expected: string },
): Format {
  return {
    read({ hash, start }) {
      if (parseSlowHash(hash) === null) {
        return invalid('hash', 'must be a hash of this format, at a cost that a check can bear')
      }
      if (start === '' || startOf(`${start}.x`) !== start) return invalid('start', expected)
      const source = importedHash(`${kind} source`, start, hash)
      return { ok: true, value: { hash: importedHash(kind, start, ''), source, slowHash: hash } }
    },
    candidates(text) {
      const start = startOf(text)
      return start === null ? null : [{ hash: importedHash(kind, start, ''), isSlow: true }]
    },
  }
}

/** Django's hashes: of SHA-512, which is fast, since version 3; in older ones of a password. */
function drfFormat(): Format {
  const slow = slowFormat('drf-api-key', parseDjango, {
    startOf: startBefore((text) => text.indexOf('.')),
    expected: 'must be the prefix, what stands before the "." of the key',
  })
  return {
    read(foreign) {
      const [algorithm, digest] = foreign.hash.split('$$', 2)
      return algorithm === 'sha512' ? sha512.read({ ...foreign, hash: digest! }) : slow.read(foreign)
    },
    candidates(text) {
      const slowCandidates = slow.candidates(text)
      return slowCandidates && [...sha512.candidates(text)!, ...slowCandidates]
    },
  }
}

/** Makes the formats that a host accepts. */
export function createFormats(
  names: readonly ImportFormat[],
  { hmacKeys, startLength }: FormatSettings,
): ReadonlyMap<ImportFormat, Format> {
  const byLength = {
    startOf: (text: string) => (text.length > startLength ? text.slice(0, startLength) : null),
    expected: `must be the first ${startLength} characters of the key (the option imports.startLength)`,
  }
  const make: Record<ImportFormat, () => Format> = {
    sha256: () => sha256,
    'better-auth': () => sha256,
    unkey: () => sha256,
    sha512: () => sha512,
    'hmac-sha256': () => hmacFormat('sha256', hmacKeys),
    'hmac-sha512': () => hmacFormat('sha512', hmacKeys),
    bcrypt: () => slowFormat('slow', parseBcrypt, byLength),
    argon2: () => slowFormat('slow', parseArgon2, byLength),
    'prefixed-api-key': () => partFormat('prefixed-api-key', (text) => text.lastIndexOf('_'), '_x'),
    sanctum: () => partFormat('sanctum', (text) => text.indexOf('|'), '|x'),
    'drf-api-key': drfFormat,
  }
  return new Map(names.map((name) => [name, make[name]()]))
}

function startBefore(separatorIn: (text: string) => number) {
  return (text: string): string | null => {
    const end = separatorIn(text)
    return end > 0 && end < text.length - 1 ? text.slice(0, end) : null
  }
}

function proof(hash: string): ImportedHash {
  return { hash, source: hash, slowHash: null }
}

function candidate(hash: string): Candidate {
  return { hash, isSlow: false }
}
