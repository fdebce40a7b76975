import { parseLine } from './line.ts'

/** The most characters (Unicode code points) a key's name may have. */
export const MAX_NAME_LENGTH = 64

/** The outcome of {@link parseKeyName}. */
export type KeyName = { ok: true; name: string } | { ok: false; message: string }

/**
 * Makes a person's text a key's name: composed (NFC), without spaces around it, 1 to 64 code points, with
 * nothing in it that hides, reorders or breaks text.
 */
export function parseKeyName(text: string): KeyName {
  const parsed = parseLine(text, MAX_NAME_LENGTH)
  return parsed.ok ? { ok: true, name: parsed.line } : parsed
}
