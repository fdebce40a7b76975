import { AUTHOR_TYPES, type Author } from './author.ts'
import { isStorableText } from './key-input.ts'

const MAX_IDENTITY_LENGTH = 255

/** Owner and actor come from the host's code, so a bad one is a mistake in it, not a person's input. */
export function assertIdentity(owner: string, actor?: Author): void {
  assertText(owner, 'owner')
  if (actor !== undefined) assertActor(actor)
}

/** The same for an actor alone. */
export function assertActor(actor: Author): void {
  assertText(actor.id, 'actor.id')
  if (actor.name !== null) assertText(actor.name, 'actor.name')
  if (actor.type !== undefined && !AUTHOR_TYPES.includes(actor.type)) {
    throw new TypeError(`actor.type must be one of ${AUTHOR_TYPES.join(', ')}.`)
  }
}

/** What an id of the host's may be, in words for whoever wrote another. */
export const IDENTITY_RULE = `must be 1 to ${MAX_IDENTITY_LENGTH} characters of valid Unicode without U+0000`

/** Whether a value can name an owner or an actor. */
export function isIdentity(value: unknown): value is string {
  const isFine = typeof value === 'string' && value.length >= 1 && value.length <= MAX_IDENTITY_LENGTH
  return isFine && isStorableText(value)
}

function assertText(text: string, what: string): void {
  if (!isIdentity(text)) throw new TypeError(`${what} ${IDENTITY_RULE}.`)
}
