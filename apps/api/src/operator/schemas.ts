import { MAX_SUSPENSION_REASON_LENGTH, RevocationReceipt } from '@latchkey/fastify'
import { Type, type Static } from 'typebox'
import { line, plainPattern, timestamp } from '../text-schema.ts'

const strict = { additionalProperties: false }

const orNull = <T>(type: string, description: string) =>
  Type.Unsafe<T | null>({ type: [type, 'null'], description })

const instantOrNull = (description: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time', description })

export const Suspension = Type.Object({
  since: timestamp('Since when.'),
  reason: Type.String({ description: 'As the people of the workspace are told it.' }),
})

export const SuspensionOrNull = Type.Union([Suspension, Type.Null()], {
  description: 'Why every key of the workspace is refused; null: none is for that.',
})

export const OperatorWorkspace = Type.Object(
  {
    id: Type.String({ examples: ['workspace_01h455vb4pex5vsknk084sn02q'] }),
    name: Type.String({ examples: ['Alder & Finch'] }),
    createdAt: timestamp('When it was created.'),
    people: Type.Integer({ description: 'How many are in it.', examples: [3] }),
    keys: Type.Integer({ description: 'How many keys it has that are not revoked.', examples: [12] }),
    suspension: SuspensionOrNull,
  },
  { description: 'A workspace, as operators see it.' },
)
export type OperatorWorkspace = Static<typeof OperatorWorkspace>

export const OperatorWorkspaceList = Type.Object(
  {
    data: Type.Array(OperatorWorkspace),
    nextCursor: orNull<string>('string', 'Where the next page begins; null on the last one.'),
  },
  { description: 'Newest first.' },
)

export const WorkspaceQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: '25 when left out.' })),
    cursor: Type.Optional(
      Type.String({ maxLength: 64, description: 'The `nextCursor` of the page before.' }),
    ),
    q: Type.Optional(
      Type.String({
        maxLength: 100,
        pattern: plainPattern,
        description: 'Part of the name, the id, or part of the e-mail address of somebody in it.',
      }),
    ),
    suspended: Type.Optional(Type.Boolean({ description: 'Only those that are, or are not.' })),
  },
  strict,
)
export type WorkspaceQuery = Static<typeof WorkspaceQuery>

export const WorkspaceParams = Type.Object(
  { id: Type.String({ maxLength: 64, pattern: plainPattern }) },
  strict,
)

export const SuspendWorkspace = Type.Object(
  { reason: line(MAX_SUSPENSION_REASON_LENGTH, 'Why. The people of the workspace read it.') },
  strict,
)

export const SuspendedWorkspace = Type.Object(
  { workspace: OperatorWorkspace, receipt: RevocationReceipt },
  { description: 'The workspace, and on how many nodes its keys are refused already.' },
)

export const FindKey = Type.Object(
  {
    by: Type.Enum(['id', 'start', 'hash'], { type: 'string', description: 'What is known of the key.' }),
    value: Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: plainPattern,
      description:
        'The id; how the secret begins, as it is displayed; or the SHA-256 of the secret in hexadecimal, 64 characters. ' +
        'Never send the secret itself.',
    }),
  },
  strict,
)
export type FindKey = Static<typeof FindKey>

export const FoundKey = Type.Object(
  {
    id: Type.String({ examples: ['key_01h455vb4pex5vsknk084sn02q'] }),
    workspace: Type.Object({
      id: Type.String(),
      name: orNull<string>('string', 'null: it is gone.'),
      suspension: SuspensionOrNull,
    }),
    name: Type.String({ examples: ['Integration with CRM'] }),
    kind: Type.Enum(['secret', 'publishable'], { type: 'string' }),
    environment: Type.Enum(['live', 'test'], { type: 'string' }),
    status: Type.Enum(['active', 'pending', 'disabled', 'expired', 'revoked'], { type: 'string' }),
    start: Type.String({ description: 'How the secret begins.', examples: ['lk_live_a1B2'] }),
    createdAt: timestamp('When it was created.'),
    createdBy: orNull<string>('string', 'Who created it, by name.'),
    expiresAt: instantOrNull('When it ends; null: never.'),
    lastUsedAt: instantOrNull('When it was last accepted; null: never.'),
    revokedAt: instantOrNull('When it was revoked; null: it is not.'),
  },
  { description: 'A key of some workspace.' },
)
export type FoundKey = Static<typeof FoundKey>

export const FoundKeyList = Type.Object(
  { data: Type.Array(FoundKey) },
  { description: 'The newest first, 50 at most.' },
)

export const Node = Type.Object({
  id: Type.String({ description: 'Another one each time that it starts.' }),
  host: orNull<string>('string', 'Its machine and process.'),
  version: orNull<string>('string', 'Of Latchkey.'),
  self: Type.Boolean({ description: 'Whether it is the one that answers.' }),
  live: Type.Boolean({ description: 'Whether it was seen in the last five seconds.' }),
  seenAt: timestamp('When it last read the log of changes, two seconds ago at most while it is well.'),
  feed: Type.Unsafe<'listening' | 'polling' | null>({
    enum: ['listening', 'polling', null],
    description:
      'How it learns of changes: as they are made, or by asking twice a second. null: it does not say.',
  }),
  lagMs: orNull<number>(
    'number',
    'How long after the last key that was revoked, disabled or suspended it had dropped that; null: there was none lately.',
  ),
})
export type Node = Static<typeof Node>

export const PlatformHealth = Type.Object(
  {
    nodes: Type.Array(Node),
    databaseMs: Type.Number({ description: 'How long the database took to answer, in milliseconds.' }),
  },
  { description: 'How the nodes and their feed of changes are.' },
)
