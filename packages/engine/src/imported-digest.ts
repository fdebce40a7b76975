import { hash } from 'node:crypto'

const HEX = /^[0-9A-Fa-f]+$/
const BASE64 = /^[0-9A-Za-z+/_-]+={0,2}$/

/** Reads a digest of so many bytes, written in hex, base64 or base64url; null when it is none. */
export function readDigest(text: string, size: number): Buffer | null {
  if (text.length === 2 * size && HEX.test(text)) return Buffer.from(text, 'hex')
  if (!BASE64.test(text)) return null
  const digest = Buffer.from(text, 'base64')
  const written = text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_')
  // Node reads whatever it can: only what it would write the same way is what the other system wrote.
  return digest.length === size && digest.toString('base64url') === written ? digest : null
}

/**
 * The place of a foreign hash among the hashes of keys until its key is used: SHA-512/256 of what the other system
 * has. No text can be presented that has it as its SHA-256, so whoever knows a foreign hash still has no key; and it
 * differs by the kind of hash and by the start of the key, so none passes for another.
 *
 * @param kind and `start` hold no U+0000.
 */
export function importedHash(kind: string, start: string, digest: Uint8Array | string): string {
  const name = `latchkey import\0${kind}\0${start}\0`
  return hash('sha512-256', Buffer.concat([Buffer.from(name), Buffer.from(digest)]), 'binary')
}
