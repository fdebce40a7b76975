import { sha512 } from './fast-formats.ts'
import { startBefore, type Format } from './import-format.ts'
import { importedHash } from './imported-digest.ts'
import { invalid } from './checked.ts'
import { parseDjango, type SlowHash } from './slow-hash.ts'

/** A slow hash of the whole text. It is salted, so the key is found by how its text begins. */
export function slowFormat(
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
export function drfFormat(): Format {
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
