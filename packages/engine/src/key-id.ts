import { fromString, toUUID, typeid, TypeID } from 'typeid-js'

/** The suffix is 26 characters of base32; the first holds three bits only. */
const KEY_ID = /^key_[0-7][0-9a-hjkmnp-tv-z]{25}$/

/** A new key id: a TypeID around a UUIDv7, so ids sort by the time they were made. */
export function createKeyId(): string {
  return typeid('key').toString()
}

/** The UUID inside a key id, or null when the text is no key id. */
export function keyIdToUuid(id: string): string | null {
  return KEY_ID.test(id) ? toUUID(fromString(id, 'key')) : null
}

/** The key id around a UUID read from the database. */
export function keyIdFromUuid(uuid: string): string {
  return TypeID.fromUUID('key', uuid).toString()
}
