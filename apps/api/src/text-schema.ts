import { Type } from 'typebox'
import { emailPattern, maxEmailLength } from './email.ts'

/**
 * One line of text for people: at least one sign that can be seen; no control characters, no halves of
 * characters, none of the marks that turn the direction of the text around them.
 */
const linePattern = '^(?=[^]*[\\p{L}\\p{N}\\p{P}\\p{S}])[^\\p{Cc}\\p{Cs}\\u202A-\\u202E\\u2066-\\u2069]*$'

/** Text to look for: whatever could be stored, so that no query is asked with what Postgres refuses, as U+0000. */
export const plainPattern = '^[^\\p{Cc}\\p{Cs}]*$'

export function line(maxLength: number, description: string) {
  return Type.String({ minLength: 1, maxLength, pattern: linePattern, description })
}

/** The same for text that comes from elsewhere. */
export function isLine(text: string, maxLength: number): boolean {
  return text.length > 0 && text.length <= maxLength && new RegExp(linePattern, 'u').test(text)
}

export function email(description: string) {
  return Type.String({ maxLength: maxEmailLength, pattern: emailPattern, description })
}

export function timestamp(description: string) {
  return Type.String({ format: 'date-time', description })
}

/** A line as it is kept: without blanks around it, each character in its composed form. */
export function tidy(text: string): string {
  return text.trim().normalize('NFC')
}
