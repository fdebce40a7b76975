/** The most characters (Unicode code points) a key's name may have. */
export const MAX_NAME_LENGTH = 64

/** Control characters and line separators: they break terminals, logs and, as U+0000, Postgres. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u
/** Embeddings, overrides and isolates that make a name read otherwise than it is stored ("Trojan Source"). */
const BIDI_CONTROL = /[\u202A-\u202E\u2066-\u2069]/
/** Something a reader can see: not a space (U+2800 is one in Braille), not a mark or format character standing alone. */
const VISIBLE = /[^\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u

/** The outcome of {@link parseKeyName}. */
export type KeyName = { ok: true; name: string } | { ok: false; message: string }

/**
 * Makes a person's text a key's name: composed (NFC), without spaces around it, 1 to 64 code points, with
 * nothing in it that hides, reorders or breaks text.
 */
export function parseKeyName(text: string): KeyName {
  if (!text.isWellFormed()) return refuse('must be valid Unicode')
  const name = text.normalize('NFC').trim()
  if (name === '') return refuse('must not be empty')
  if (name.length > 2 * MAX_NAME_LENGTH || [...name].length > MAX_NAME_LENGTH) {
    return refuse(`must have at most ${MAX_NAME_LENGTH} characters`)
  }
  if (CONTROL.test(name)) return refuse('must not contain control characters or line breaks')
  if (BIDI_CONTROL.test(name)) return refuse('must not contain characters that change the direction of text')
  if (!VISIBLE.test(name)) return refuse('must contain a visible character')
  return { ok: true, name }
}

function refuse(message: string): KeyName {
  return { ok: false, message }
}
