import type { Actor } from './key.ts'
import { isStorableText } from './key-input.ts'

const MAX_IDENTITY_LENGTH = 255

/** Owner and actor come from the host's code, so a bad one is a mistake in it, not a person's input. */
export function assertIdentity(owner: string, actor?: Actor): void {
  assertText(owner, 'owner')
  if (actor === undefined) return
  assertText(actor.id, 'actor.id')
  if (actor.name !== null) assertText(actor.name, 'actor.name')
}

function assertText(text: string, what: string): void {
  const isFine = typeof text === 'string' && text.length >= 1 && text.length <= MAX_IDENTITY_LENGTH
  if (!isFine || !isStorableText(text)) {
    throw new TypeError(
      `${what} must be 1 to ${MAX_IDENTITY_LENGTH} characters of valid Unicode without U+0000.`,
    )
  }
}
