import { MAX_RATE_LIMIT, type Environment } from '@latchkey/engine'
import { Type } from 'typebox'
import { oneOf } from './schema-types.ts'

/*
 * How the address for proxies is documented. Its answer comes before any schema is asked, so these check nothing:
 * proxy-question.ts reads the same parameters, as strictly.
 */

/** What a proxy asks. */
export const ProxyParameters = Type.Object(
  {
    scope: Type.Optional(
      Type.Array(Type.String(), {
        description: 'A scope that the key must have; repeat it for several, or put spaces between them.',
      }),
    ),
    anyScope: Type.Optional(
      Type.Array(Type.String(), {
        description: 'A scope of which the key must have one, beside those; written as they are.',
      }),
    ),
    environment: Type.Optional(
      oneOf<Environment>(['live', 'test'], {
        description: 'The environment that the key must be for; either when left out.',
      }),
    ),
    cost: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_RATE_LIMIT,
        default: 1,
        description: 'Units to take from each rate limit of the key, and credits from its quota.',
      }),
    ),
    proxy: Type.Optional(
      oneOf(['nginx'], {
        description:
          'With `nginx`, which makes a 500 of all refusals but 401 and 403, what would be 429 is 403 and what would be 400 is 401; `X-Latchkey-Code` tells them apart.',
      }),
    ),
  },
  { additionalProperties: false },
)

const text = (description: string) => ({ type: 'string', description })

/** The answer that lets a request pass. */
export const PASSED = {
  description: 'The request may pass.',
  headers: {
    'X-Latchkey-Key-Id': text('The id of the key.'),
    'X-Latchkey-Owner': text('Whose key it is, percent-encoded.'),
    'X-Latchkey-Scopes': text('The scopes of the key, with spaces between them.'),
    'X-Latchkey-Environment': text('`live` or `test`.'),
  },
  type: 'null',
}
