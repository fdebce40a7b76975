import { BULK_ACTIONS, MAX_BULK_KEYS, type BulkAction } from '@latchkey/engine'
import { Type, type Static } from 'typebox'
import { PROBLEMS, type ProblemCode } from './problem.ts'
import { whyRevoked } from './revocation-schemas.ts'
import { moment, oneOf } from './schema-types.ts'
import { ApiKey, CreateHeaders, EXAMPLE_ID, RevocationReceipt } from './schemas.ts'

/** The headers of a change that may rest on what was read before. */
export type IfMatchHeaders = Static<typeof IfMatchHeaders>
export const IfMatchHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      maxLength: 2_048,
      description:
        'The `ETag` of the key as you saw it, or several of them: the change is made only while the key is still that one, and answered with 412 otherwise. `*`, or no header: whatever it is by now.',
      examples: ['"pC2oPzr1t0mJ9yFfBqW3Lg"'],
    }),
  ),
})

/** The headers of a rotation. */
export type RotateHeaders = Static<typeof RotateHeaders>
export const RotateHeaders = Type.Object({ ...CreateHeaders.properties, ...IfMatchHeaders.properties })

/** What to send to revoke a key. */
export type RevokeApiKey = Static<typeof RevokeApiKey>
export const RevokeApiKey = Type.Object(whyRevoked('unspecified'), {
  additionalProperties: false,
  description: 'Why the key is revoked.',
})

/** The reply to a restore. */
export type RestoredApiKey = Static<typeof RestoredApiKey>
export const RestoredApiKey = Type.Object({ apiKey: ApiKey }, { description: 'A key that was restored.' })

/** What to send to change several keys at once. */
export type ChangeApiKeys = Static<typeof ChangeApiKeys>
export const ChangeApiKeys = Type.Object(
  {
    action: oneOf<BulkAction>(BULK_ACTIONS, {
      description: 'What to do to each of them; `reason` and `note` go with `revoke` alone.',
      examples: ['revoke'],
    }),
    ids: Type.Array(Type.String({ description: 'The id of a key.' }), {
      minItems: 1,
      maxItems: MAX_BULK_KEYS,
      description: 'Which keys. One that is there twice is changed once.',
      examples: [[EXAMPLE_ID]],
    }),
    ...whyRevoked('unspecified'),
  },
  { additionalProperties: false, description: 'What to do to which keys.' },
)

/** Why one of several keys is not changed. */
export type BulkCode = (typeof BULK_CODES)[number]
const BULK_CODES = [
  'not_found',
  'reauthentication_required',
  'beyond_grant',
  'already_revoked',
  'already_expired',
  'not_revoked',
  'not_restorable',
  'too_many_keys',
  'invalid_request',
] as const satisfies readonly ProblemCode[]

/** What became of one key. */
export type ChangedApiKey = Static<typeof ChangedApiKey>
export const ChangedApiKey = Type.Object(
  {
    id: Type.String({ description: 'The id, as it was sent.', examples: [EXAMPLE_ID] }),
    status: Type.Integer({
      description:
        'What the same change of this key alone would have been answered with: 200, or the status of the problem.',
      examples: [200],
    }),
    apiKey: Type.Union([Type.Null(), ApiKey], { description: 'The key as it is now; null with a problem.' }),
    problem: Type.Union(
      [
        Type.Null(),
        Type.Object({
          code: oneOf<BulkCode>(BULK_CODES, { description: 'The kind of problem.', examples: ['not_found'] }),
          title: Type.String({
            description: 'The kind of problem, for people.',
            examples: [PROBLEMS.not_found.title],
          }),
          detail: Type.String({
            description: 'What is wrong this time, for people.',
            examples: [PROBLEMS.not_found.detail],
          }),
        }),
      ],
      { description: 'Why the key was not changed; otherwise null.' },
    ),
  },
  { description: 'What became of one key.' },
)

/** The reply to a change of several keys. */
export type ChangedApiKeys = Static<typeof ChangedApiKeys>
export const ChangedApiKeys = Type.Object(
  {
    data: Type.Array(ChangedApiKey, { description: 'One result for each id, in the order they were sent.' }),
    receipt: Type.Union([Type.Null(), RevocationReceipt], {
      description:
        'When keys stopped being good, how far that had come for all of them together; otherwise null.',
    }),
  },
  { description: 'What became of each key.' },
)

/** What to send to revoke the key that is sent along. */
export type SelfRevokeApiKey = Static<typeof SelfRevokeApiKey>
export const SelfRevokeApiKey = Type.Object(whyRevoked('keyCompromise'), {
  additionalProperties: false,
  description: 'Why the key is revoked.',
})

/** The reply to whoever revoked the key that they hold. It tells nothing else of the key: they need not be its owner. */
export type SelfRevokedApiKey = Static<typeof SelfRevokedApiKey>
export const SelfRevokedApiKey = Type.Object(
  {
    id: Type.String({ description: 'The id of the key.', examples: [EXAMPLE_ID] }),
    ended: oneOf<'key' | 'secret'>(['key', 'secret'], {
      description:
        'What does not work any more: the `key`, or, when the key had been rotated and the secret before its present one was sent, that `secret` alone.',
      examples: ['key'],
    }),
    at: moment('Since when.', '2026-11-22T09:30:00.000Z'),
    receipt: RevocationReceipt,
  },
  { description: 'What was ended, and how far that had come.' },
)
