import {
  AUDIT_ACTIONS,
  AUTHOR_TYPES,
  DEFAULT_PAGE_SIZE,
  MAX_PAGE_SIZE,
  type AuditAction,
  type AuditedFields,
  type AuthorType,
} from '@latchkey/engine'
import { Type, type Static } from 'typebox'
import { EXAMPLE_ID } from './schemas.ts'
import { moment, oneOf } from './schema-types.ts'

const textOrNull = (description: string, example: string) =>
  Type.Unsafe<string | null>({ type: ['null', 'string'], description, examples: [example] })

const fields = (description: string, example: AuditedFields | null) =>
  Type.Unsafe<AuditedFields | null>({
    type: ['null', 'object'],
    additionalProperties: true,
    description,
    examples: [example],
  })

/** One change, as the audit trail tells it. */
export type AuditEvent = Static<typeof AuditEvent>
export const AuditEvent = Type.Object(
  {
    sequence: Type.Integer({
      minimum: 1,
      description: "Its place in its owner's trail: 1 for the first, and no gaps.",
      examples: [42],
    }),
    at: moment("When, by the database's clock.", '2026-11-22T09:30:00.000Z'),
    action: oneOf<AuditAction>(AUDIT_ACTIONS, { description: 'What happened.', examples: ['key.updated'] }),
    keyId: textOrNull('To which key; null when it holds for all keys of the owner.', EXAMPLE_ID),
    actor: Type.Union(
      [
        Type.Null(),
        Type.Object({
          type: oneOf<AuthorType>(AUTHOR_TYPES, {
            description:
              '`person`, `key` for a key that manages keys, or `system` for a program of the host.',
            examples: ['person'],
          }),
          id: Type.String({ description: 'Their id.', examples: ['user_7'] }),
          name: textOrNull('Their name at that time.', 'Ada Lovelace'),
        }),
      ],
      { description: 'By whom; null when the database was changed by hand.' },
    ),
    address: textOrNull('The IP address it was asked from, as far as it is known.', '192.0.2.17'),
    userAgent: textOrNull('With which browser or program.', 'curl/8.14.1'),
    requestId: textOrNull('How logs call the request.', 'req-1f'),
    databaseRole: Type.String({
      description: 'As whom it was done in the database, which nobody can choose.',
      examples: ['latchkey_app'],
    }),
    before: fields('The fields that changed, as they were; null: there was nothing.', { name: 'CRM' }),
    after: fields('The same fields, as they are since; null: there is nothing any more.', {
      name: 'Integration with CRM',
    }),
    previousHash: Type.String({
      description: 'The hash of the event before it; 64 zeros before the first.',
      examples: ['0'.repeat(64)],
    }),
    hash: Type.String({
      description: 'The SHA-256 of the text of the event, which an export in JSON Lines holds.',
      examples: ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    }),
  },
  { description: 'One change of keys: by whom, when, from where, and what was there before and after.' },
)

/** One page of the audit trail. */
export type AuditEventList = Static<typeof AuditEventList>
export const AuditEventList = Type.Object(
  {
    data: Type.Array(AuditEvent, { description: 'The events of this page.' }),
    nextCursor: Type.Unsafe<string | null>({
      type: ['null', 'string'],
      description: 'Send it as `cursor` for the next page; null on the last one.',
      examples: [null],
    }),
  },
  { description: 'One page of the audit trail.' },
)

const filters = {
  keyId: Type.Optional(
    Type.String({ maxLength: 64, description: 'Only events of this key.', examples: [EXAMPLE_ID] }),
  ),
  action: Type.Optional(
    Type.Array(oneOf<AuditAction>(AUDIT_ACTIONS, {}), {
      maxItems: AUDIT_ACTIONS.length,
      description: 'Only these actions; repeat it for several.',
    }),
  ),
  actorId: Type.Optional(
    Type.String({
      maxLength: 255,
      description: 'Only what this person, key or program did.',
      examples: ['user_7'],
    }),
  ),
  since: Type.Optional(moment('Only events from this moment on.', '2026-11-01T00:00:00Z')),
  until: Type.Optional(moment('Only events before this moment.', '2026-12-01T00:00:00Z')),
}

/** Which events to export, and in which form. */
export type ExportAuditEvents = Static<typeof ExportAuditEvents>
export const ExportAuditEvents = Type.Object(
  {
    format: Type.Optional(
      oneOf<'jsonl' | 'csv'>(['jsonl', 'csv'], {
        default: 'jsonl',
        description:
          '`jsonl`: JSON Lines, by which the chain of hashes can be checked. `csv`: a table (RFC 4180) in which no cell is a formula.',
      }),
    ),
    ...filters,
  },
  { additionalProperties: false },
)

/** Which events to list. */
export type ListAuditEvents = Static<typeof ListAuditEvents>
export const ListAuditEvents = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_PAGE_SIZE,
        default: DEFAULT_PAGE_SIZE,
        description: 'How many events a page holds.',
      }),
    ),
    cursor: Type.Optional(
      Type.String({ maxLength: 2_048, description: 'The `nextCursor` of the page before.' }),
    ),
    ...filters,
  },
  { additionalProperties: false },
)
