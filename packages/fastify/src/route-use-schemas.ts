import { DEFAULT_ROUTE_USE_DAYS, MAX_ROUTE_USE_DAYS } from '@latchkey/engine'
import { Type, type Static } from 'typebox'
import { moment } from './schema-types.ts'

const day = { pattern: '^\\d{4}-\\d\\d-\\d\\d$', examples: ['2026-11-22'] }

/** Which routes a key opened, and which of its scopes it needed. */
export type ApiKeyRoutes = Static<typeof ApiKeyRoutes>
export const ApiKeyRoutes = Type.Object(
  {
    since: moment('Since when this was counted.', '2026-10-24T00:00:00.000Z'),
    routes: Type.Array(
      Type.Object({
        method: Type.String({ description: 'The HTTP method; `*` for several.', examples: ['GET'] }),
        path: Type.String({
          description:
            'The path as it was declared; `(key routes)` for those that manage keys, `(other services)` for what services and proxies asked about.',
          examples: ['/v1/contacts/:id'],
        }),
        scopes: Type.Array(Type.String(), {
          description: 'The scopes that it asks for, all of them.',
          examples: [['contacts:read']],
        }),
        anyScope: Type.Array(Type.String(), {
          description: 'And of these, if there are any, one.',
          examples: [[]],
        }),
        count: Type.Integer({ minimum: 1, description: 'How many requests there were.', examples: [1_204] }),
        lastUsedOn: Type.String({ ...day, description: 'The last day of them, of UTC.' }),
      }),
      {
        description: 'The routes that the key opened, most used first. Refused requests are not among them.',
      },
    ),
    scopes: Type.Array(
      Type.Object({
        name: Type.String({ description: 'The scope.', examples: ['contacts:read'] }),
        lastUsedOn: Type.Unsafe<string | null>({
          ...day,
          type: ['null', 'string'],
          description:
            'The last day, of UTC, on which a request needed it; null: none since then. Where a route asks for one of several, each counts as needed.',
        }),
      }),
      { description: 'Every scope that the key holds, sets and `:*` taken apart.' },
    ),
  },
  { description: 'Which routes a key opened, and which of its scopes it needed for that.' },
)

/** How far to look back. */
export type RouteUseParams = Static<typeof RouteUseParams>
export const RouteUseParams = Type.Object(
  {
    days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_ROUTE_USE_DAYS,
        default: DEFAULT_ROUTE_USE_DAYS,
        description: 'How many days to look back, with today; they are days of UTC.',
      }),
    ),
  },
  { additionalProperties: false },
)
