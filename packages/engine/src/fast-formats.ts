import { createHmac, hash as digestOf } from 'node:crypto'
import { startBefore, type Candidate, type Format, type ImportedHash } from './import-format.ts'
import { importedHash, readDigest } from './imported-digest.ts'
import { invalid } from './checked.ts'
import { hashFromBytes } from './secret.ts'

const ALWAYS_KNOWN: readonly Candidate[] = []

/** The text's own SHA-256, which is what Latchkey keeps itself. */
export const sha256: Format = {
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

export const sha512 = digestFormat('sha512', 64, (text) => digestOf('sha512', text, 'buffer'))

/** HMACs with keys that only this process has. */
export function hmacFormat(
  algorithm: 'sha256' | 'sha512',
  keys: ReadonlyMap<string, Uint8Array | string>,
): Format {
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
export function partFormat(kind: string, separatorIn: (text: string) => number, example: string): Format {
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

function proof(hash: string): ImportedHash {
  return { hash, source: hash, slowHash: null }
}

function candidate(hash: string): Candidate {
  return { hash, isSlow: false }
}
