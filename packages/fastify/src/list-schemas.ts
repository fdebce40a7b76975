import {
  DEFAULT_PAGE_SIZE,
  KEY_SORTS,
  KEY_STATES,
  MAX_FILTER_LENGTH,
  MAX_PAGE_SIZE,
  MAX_SEARCH_LENGTH,
  type KeySort,
  type KeyState,
  type ListOptions,
} from '@latchkey/engine'
import { Type, type Static } from 'typebox'
import { moment, oneOf } from './schema-types.ts'
import { ApiKey, environment } from './schemas.ts'

const filterText = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: MAX_FILTER_LENGTH, description, examples: [example] })

/** One page of keys. */
export type ApiKeyList = Static<typeof ApiKeyList>
export const ApiKeyList = Type.Object(
  {
    data: Type.Array(ApiKey, { description: 'The keys of this page.' }),
    nextCursor: Type.Unsafe<string | null>({
      type: ['null', 'string'],
      description: 'Send it as `cursor` for the next page; null on the last one.',
      examples: [null],
    }),
    total: Type.Unsafe<number | null>({
      type: ['null', 'integer'],
      minimum: 0,
      description: 'How many keys there are on all pages together; null unless `count` asks for it.',
      examples: [132],
    }),
  },
  { description: 'One page of keys.' },
)

/** How to list keys. */
export type ListApiKeys = Static<typeof ListApiKeys>
export const ListApiKeys = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_PAGE_SIZE,
        default: DEFAULT_PAGE_SIZE,
        description: 'How many keys a page holds.',
      }),
    ),
    cursor: Type.Optional(
      Type.String({ maxLength: 2_048, description: 'The `nextCursor` of the page before.' }),
    ),
    q: Type.Optional(
      Type.String({
        maxLength: MAX_SEARCH_LENGTH,
        description: 'Part of a name, in any case, or how the secret begins.',
      }),
    ),
    status: Type.Optional(
      Type.Array(oneOf<KeyState>(KEY_STATES, {}), {
        maxItems: KEY_STATES.length,
        description: 'Only keys in these states; repeat it for several. Left out: all but revoked ones.',
      }),
    ),
    environment: Type.Optional(environment('Only keys of this environment.')),
    scope: Type.Optional(
      filterText(
        'Only keys that hold this scope: by its name, by all of its resource (`contacts:*`) or by a set that has it. Asked for `contacts:*` or a set, those that hold just this name.',
        'contacts:read',
      ),
    ),
    createdBy: Type.Optional(filterText('Only keys that whoever has this id created.', 'user_42')),
    expiresBefore: Type.Optional(
      moment('Only keys that end by themselves before this moment, or have.', '2026-12-01T00:00:00Z'),
    ),
    neverExpires: Type.Optional(
      Type.Boolean({
        description: '`true`: only keys that never end by themselves; `false`: only those that do.',
      }),
    ),
    unusedSince: Type.Optional(
      moment('Only keys that were created before this moment and not used since.', '2026-10-23T00:00:00Z'),
    ),
    rotating: Type.Optional(
      Type.Boolean({
        description:
          '`true`: only keys whose secret before the present one still works; `false`: only the others.',
      }),
    ),
    count: Type.Optional(
      Type.Boolean({
        description: 'Whether `total` shall tell how many keys there are on all pages together.',
      }),
    ),
    sort: Type.Optional(
      oneOf<KeySort>(KEY_SORTS, {
        default: '-createdAt',
        description: 'The order; `-` turns it round.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** Reads a query that has passed the schema. A leap second has, but no Date can be one; the engine refuses it. */
export function parseListParams({ expiresBefore, unusedSince, ...rest }: ListApiKeys): ListOptions {
  return {
    ...rest,
    ...(expiresBefore !== undefined && { expiresBefore: new Date(expiresBefore) }),
    ...(unusedSince !== undefined && { unusedSince: new Date(unusedSince) }),
  }
}
