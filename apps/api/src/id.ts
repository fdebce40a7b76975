import { TypeID, typeid } from 'typeid-js'

/**
 * Ids carry what they name: `contact_01h455vb4pex5vsknk084sn02q`. Inside is a UUIDv7, which tables may keep as
 * `uuid`; it begins with the time, so that ids sort by creation.
 */
export function generateId(prefix: string): string {
  return typeid(prefix).toString()
}

/** A fresh UUIDv7, for a row that is shown under a prefix by {@link toId}. */
export function generateUuid(): string {
  return typeid().toUUID()
}

export function toId(prefix: string, uuid: string): string {
  return TypeID.fromUUID(prefix, uuid).toString()
}

/** The UUID inside an id, or null where the text is no id of that prefix. */
export function parseId(prefix: string, text: string): string | null {
  try {
    const id = TypeID.fromString(text, prefix)
    // The parser takes more than one spelling of a few ids; only the one that we hand out is an id.
    return id.toString() === text ? id.toUUID() : null
  } catch {
    return null
  }
}
