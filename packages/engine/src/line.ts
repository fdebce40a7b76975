/** Control characters and line separators: they break terminals, logs and, as U+0000, Postgres. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u
/** Embeddings, overrides and isolates that make a text read otherwise than it is stored ("Trojan Source"). */
const BIDI_CONTROL = /[\u202A-\u202E\u2066-\u2069]/
/** Something a reader can see: not a space (U+2800 is one in Braille), not a mark or format character standing alone. */
const VISIBLE = /[^\p{Z}\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u

/** The outcome of {@link parseLine}. */
export type Line = { ok: true; line: string } | { ok: false; message: string }

/**
 * Makes a person's text a line that can be shown anywhere: composed (NFC), without spaces around it, of so many code
 * points at most, with nothing in it that hides, reorders or breaks text.
 */
export function parseLine(text: string, maxLength: number): Line {
  if (!text.isWellFormed()) return refuse('must be valid Unicode')
  const line = text.normalize('NFC').trim()
  if (line === '') return refuse('must not be empty')
  if (line.length > 2 * maxLength || [...line].length > maxLength) {
    return refuse(`must have at most ${maxLength} characters`)
  }
  if (CONTROL.test(line)) return refuse('must not contain control characters or line breaks')
  if (BIDI_CONTROL.test(line)) return refuse('must not contain characters that change the direction of text')
  if (!VISIBLE.test(line)) return refuse('must contain a visible character')
  return { ok: true, line }
}

function refuse(message: string): Line {
  return { ok: false, message }
}
