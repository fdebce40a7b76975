import { SECRET_PATTERN } from '@latchkey/engine'

/** Control characters, and those that change the direction of text or break lines. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu
const SECRET = new RegExp(SECRET_PATTERN, 'g')
const SHOWN_OF_BODY = 4
const BODY_LENGTH = 36

/** Text of somebody else's on one line, so that it cannot give orders to a terminal. */
export function onOneLine(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Whatever looks like a key's secret is cut to its beginning: it may have been typed in the wrong place. */
export function withoutSecrets(text: string): string {
  return text.replace(SECRET, (secret) => `${secret.slice(0, SHOWN_OF_BODY - BODY_LENGTH)}…`)
}
