import { MAX_POLICY_DAYS, MAX_SCOPES, type IssuePolicy as EngineIssuePolicy } from '@latchkey/engine'
import { Type, type Static } from 'typebox'
import { oneOf } from './schema-types.ts'

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

/** Which keys people may hand out. */
export type IssuePolicy = Static<typeof IssuePolicy>
export const IssuePolicy = Type.Object(
  {
    scopes: Type.Unsafe<string[] | null>({
      type: ['null', 'array'],
      items: { type: 'string' },
      maxItems: MAX_SCOPES,
      description: 'What keys may be given; null: whatever their creators may hand out.',
      examples: [['contacts:read']],
    }),
    liveKeysBy: oneOf<EngineIssuePolicy['liveKeysBy']>(['everybody', 'admins'], {
      description:
        'Who creates and rotates live keys: every member who may make keys, or owners and admins alone.',
      examples: ['admins'],
    }),
  },
  { additionalProperties: false, description: 'Which keys people may hand out.' },
)

/** What holds for new keys: what the owner asks, and what comes of it and of the host's policy. */
export type KeyPolicy = Static<typeof KeyPolicy>
export const KeyPolicy = Type.Object(
  {
    expiry: Type.Union([Type.Null(), ExpiryPolicy], {
      description: 'What the owner asks; null: whatever the host says.',
    }),
    effectiveExpiry: ExpiryPolicy,
    issue: IssuePolicy,
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
    issue: Type.Optional(
      Type.Union([Type.Null(), IssuePolicy], {
        description:
          'Which keys people may hand out; null: whatever each of them may. As it was when left out.',
      }),
    ),
  },
  { additionalProperties: false, description: 'What the owner asks of new keys.' },
)
