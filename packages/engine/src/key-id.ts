import { fromString, toUUID, typeid } from 'typeid-js'

/** The suffix is 26 characters of base32; the first holds three bits only. */
const KEY_ID = /^key_[0-7][0-9a-hjkmnp-tv-z]{25}$/

/** A new key id: a TypeID around a UUIDv7, so ids sort by the time they were made. */
export function createKeyId(): string {
  return typeid('key').toString()
}

/** Sorts before the ids that are made from this moment on, and after those from before it. */
export function earliestKeyId(ms: number): string {
  return keyIdFromUuid(Math.max(0, ms).toString(16).padStart(12, '0').padEnd(32, '0'))
}

/** The UUID inside a key id, or null when the text is no key id. */
export function keyIdToUuid(id: string): string | null {
  if (!KEY_ID.test(id)) return null
  try {
    return toUUID(fromString(id, 'key'))
  } catch {
    // Its bits are no UUID of any version (RFC 9562, section 4).
    return null
  }
}

/** Crockford's base32 in lower case, as TypeID has it. */
const ALPHABET = Buffer.from('0123456789abcdefghjkmnpqrstvwxyz')
const ID_LENGTH = 30
const HYPHEN = 45

/**
 * The key id around a UUID read from the database, as the TypeID specification writes it. Every look-up makes one,
 * so it is written out here: several times as fast as the library, and one piece of text, where the library's is
 * held together by all the pieces it was made of.
 */
export function keyIdFromUuid(uuid: string): string {
  const id = Buffer.allocUnsafe(ID_LENGTH)
  id.write('key_', 'latin1')
  // 128 bits in digits of 5, from the right.
  let at = ID_LENGTH
  let bits = 0
  let count = 0
  for (let i = uuid.length - 1; i >= 0; i--) {
    const code = uuid.charCodeAt(i)
    if (code === HYPHEN) continue
    // '0' to '9' end in 0 to 9; 'a' to 'f', in either case, in 1 to 6.
    bits |= (code < 58 ? code - 48 : (code & 7) + 9) << count
    count += 4
    if (count >= 5) {
      id[--at] = ALPHABET[bits & 31]!
      bits >>= 5
      count -= 5
    }
  }
  id[at - 1] = ALPHABET[bits]!
  return id.toString('latin1')
}
