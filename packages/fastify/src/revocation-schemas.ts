import { MAX_NOTE_LENGTH, REVOCATION_REASONS, type RevocationReason } from '@latchkey/engine'
import { Type, type Static } from 'typebox'
import { momentOrNull, oneOf } from './schema-types.ts'

const MEANINGS =
  '`keyCompromise`: somebody else has the secret, or may have; such a key is never restored. `affiliationChanged`: who held it has left or moved. `superseded`: another key took its place. `cessationOfOperation`: what it was for is no more. `privilegeWithdrawn`: its holder may no longer do what it allows. `unspecified`: nobody said.'

const reason = (description: string) =>
  oneOf<RevocationReason>(REVOCATION_REASONS, {
    description: `${description} ${MEANINGS}`,
    examples: ['superseded'],
  })

const note = Type.Unsafe<string | null>({
  type: ['null', 'string'],
  description: `A line for those who ask later, in 1 to ${MAX_NOTE_LENGTH} characters; null for none. Spaces around it are dropped; line breaks, and characters that cannot be seen or that change the direction of text, are refused.`,
  examples: ['See INC-7'],
})

/** Who did something. */
export const actor = (description: string) =>
  Type.Object(
    {
      id: Type.String({ description: 'The id of the person or program.', examples: ['user_7'] }),
      name: Type.Unsafe<string | null>({
        type: ['null', 'string'],
        description: 'Their name at that time.',
        examples: ['Ada Lovelace'],
      }),
    },
    { description },
  )

/** What is known of the end of a key. */
export type Revocation = Static<typeof Revocation>
export const Revocation = Type.Object(
  {
    by: Type.Union([Type.Null(), actor('Who revoked it: a key that revoked itself is its own actor.')], {
      description: 'Who revoked it; null when that was not recorded.',
    }),
    reason: reason('Why, in the words of RFC 5280.'),
    note,
    restorableUntil: momentOrNull(
      'Until when it can be restored; null when it cannot.',
      '2026-11-29T09:30:00.000Z',
    ),
  },
  { description: 'By whom and why a key was revoked.' },
)

/** Why a key is to be revoked. */
export const whyRevoked = (otherwise: RevocationReason) => ({
  reason: Type.Optional(reason(`Why, in the words of RFC 5280; \`${otherwise}\` when left out.`)),
  note: Type.Optional(note),
})
