import { MAX_POLICY_DAYS } from '@latchkey/engine'
import { Type, type Static } from 'typebox'

const policyDays = (description: string, example: number | null) =>
  Type.Unsafe<number | null>({
    type: ['null', 'integer'],
    minimum: 1,
    maximum: MAX_POLICY_DAYS,
    description,
    examples: [example],
  })

/** For how long keys may live. */
export type ExpiryPolicy = Static<typeof ExpiryPolicy>
export const ExpiryPolicy = Type.Object(
  {
    defaultDays: policyDays(
      'Days that a key lives when its create does not say; null: as long as it may.',
      90,
    ),
    maxDays: policyDays(
      'Days that a key may live at most, counted from the request that sets its end; null: any number.',
      365,
    ),
    allowNever: Type.Boolean({ description: 'Whether a key may live for ever.', examples: [false] }),
  },
  { additionalProperties: false, description: 'For how long keys may live.' },
)

/** What holds for new keys: what the owner asks, and what comes of it and of the host's policy. */
export type KeyPolicy = Static<typeof KeyPolicy>
export const KeyPolicy = Type.Object(
  {
    expiry: Type.Union([Type.Null(), ExpiryPolicy], {
      description: 'What the owner asks; null: whatever the host says.',
    }),
    effectiveExpiry: ExpiryPolicy,
    scopes: Type.Unsafe<string[] | null>({
      type: ['null', 'array'],
      items: { type: 'string' },
      description: 'What keys of the owner may do at most, now; null: whatever each of them says.',
      examples: [null],
    }),
  },
  { description: 'What holds for the keys of an owner.' },
)

/** What to send to set the policy. */
export type UpdateKeyPolicy = Static<typeof UpdateKeyPolicy>
export const UpdateKeyPolicy = Type.Object(
  {
    expiry: Type.Union([Type.Null(), ExpiryPolicy], {
      description: 'What the owner asks; null: whatever the host says.',
    }),
  },
  { additionalProperties: false, description: 'What the owner asks of new keys.' },
)
