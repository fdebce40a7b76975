import { hash, randomBytes } from 'node:crypto'

/** Which world a key belongs to: the real one, or the one for trying things out. */
export type Environment = 'live' | 'test'

/** What a well-formed secret says about itself. `start` is the part that may be shown again. */
export interface SecretParts {
  prefix: string
  environment: Environment
  start: string
}

/**
 * The regular expression that recognises every secret Latchkey issues, whatever its prefix, as source text:
 * give it to secret scanners and log scrubbers. It checks the form; {@link parseSecret} checks the checksum too.
 */
export const SECRET_PATTERN = '\\b[a-z](?:[a-z0-9_]{0,14}[a-z0-9])?_(?:live|test)_[0-9A-Za-z]{36}\\b'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_LENGTH = 30
const CHECKSUM_LENGTH = 6
const START_RANDOM_LENGTH = 4
const BODY_LENGTH = RANDOM_LENGTH + CHECKSUM_LENGTH
/** `_live_` or `_test_`, between the prefix and the body. */
const SEPARATOR_LENGTH = 6
const MAX_PREFIX_LENGTH = 16

/** No secret is shorter or longer, so anything else can be refused before it is hashed. */
export const MIN_SECRET_LENGTH = 1 + SEPARATOR_LENGTH + BODY_LENGTH
export const MAX_SECRET_LENGTH = MAX_PREFIX_LENGTH + SEPARATOR_LENGTH + BODY_LENGTH

const KEY_PREFIX = /^[a-z](?:[a-z0-9_]{0,14}[a-z0-9])?$/

/** What a character stands for, by its code. */
const DIGITS = new Int8Array(128).fill(-1)
for (let digit = 0; digit < ALPHABET.length; digit++) DIGITS[ALPHABET.charCodeAt(digit)] = digit

/** CRC-32 of each byte (ISO 3309, as in zip), so that a secret is checked without leaving JavaScript. */
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

/** Whether a text may stand before the first separator of a secret. */
export function isKeyPrefix(prefix: string): boolean {
  return KEY_PREFIX.test(prefix)
}

/**
 * Makes a new secret: `<prefix>_<environment>_`, 30 random base62 characters (178 bits) and a checksum of them.
 *
 * @param random where the random bytes come from; tests inject it, everyone else leaves it out.
 */
export function generateSecret(
  { prefix, environment }: { prefix: string; environment: Environment },
  random: (size: number) => Uint8Array = randomBytes,
): string {
  const entropy = randomBase62(random)
  return `${prefix}_${environment}_${entropy}${checksum(entropy)}`
}

/**
 * Reads a secret's form and checks its checksum, with no I/O. A typing mistake is told apart from a
 * well-formed secret here, so it never costs a query. Returns null for anything Latchkey cannot have issued.
 *
 * Every part has a fixed length but the prefix, so the text is read from its right end: a prefix may hold `_`.
 */
export function parseSecret(text: string): SecretParts | null {
  if (text.length < MIN_SECRET_LENGTH || text.length > MAX_SECRET_LENGTH) return null
  const bodyAt = text.length - BODY_LENGTH
  const prefixEnd = bodyAt - SEPARATOR_LENGTH
  const environment = environmentAt(text, prefixEnd)
  if (environment === null || !hasChecksum(text, bodyAt)) return null
  const prefix = text.slice(0, prefixEnd)
  if (!isKeyPrefix(prefix)) return null
  return { prefix, environment, start: text.slice(0, bodyAt + START_RANDOM_LENGTH) }
}

/**
 * The digest under which a secret is known: SHA-256, as a string with one character for each of its 32 bytes, the
 * form that is cheapest to make, to compare and to keep. A secret holds 178 random bits, so a plain hash cannot
 * be searched, and a slow one would only cost every request.
 */
export function hashSecret(text: string): string {
  return hash('sha256', text, 'binary')
}

/** The bytes of a hash, as the database has them. */
export function hashBytes(hash: string): Buffer {
  return Buffer.from(hash, 'latin1')
}

/** The hash with these bytes. */
export function hashFromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function environmentAt(text: string, at: number): Environment | null {
  if (text.startsWith('_live_', at)) return 'live'
  if (text.startsWith('_test_', at)) return 'test'
  return null
}

/** Whether 36 characters are of the alphabet, and the last six are the checksum of those before. */
function hasChecksum(text: string, bodyAt: number): boolean {
  const checksumAt = bodyAt + RANDOM_LENGTH
  let given = 0
  for (let at = bodyAt; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 127 || DIGITS[code] === -1) return false
    if (at >= checksumAt) given = given * ALPHABET.length + DIGITS[code]!
  }
  return given === crc32(text, bodyAt, checksumAt)
}

/** CRC-32 of the characters from one place to another, each of which is one byte. */
function crc32(text: string, from: number, to: number): number {
  let crc = -1
  for (let at = from; at < to; at++) crc = CRC_TABLE[(crc ^ text.charCodeAt(at)) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/** Draws bytes until 30 of them fall below the largest multiple of 62: `% 62` alone would favour some characters. */
function randomBase62(random: (size: number) => Uint8Array): string {
  const unbiased = 256 - (256 % ALPHABET.length)
  let text = ''
  while (text.length < RANDOM_LENGTH) {
    for (const byte of random(RANDOM_LENGTH)) {
      if (byte < unbiased && text.length < RANDOM_LENGTH) text += ALPHABET[byte % ALPHABET.length]
    }
  }
  return text
}

/** CRC-32 of the random characters in base62, padded on the left with `0`: the checksum of GitHub's tokens. */
function checksum(entropy: string): string {
  let rest = crc32(entropy, 0, entropy.length)
  let text = ''
  while (rest > 0) {
    text = ALPHABET[rest % ALPHABET.length] + text
    rest = Math.floor(rest / ALPHABET.length)
  }
  return text.padStart(CHECKSUM_LENGTH, '0')
}
