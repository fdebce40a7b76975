import { JWKS_MAX_AGE_SECONDS, type Tokens } from '@latchkey/engine'
import { PUBLIC_ACCESS } from '../access.ts'
import type { RouteContext } from '../operation.ts'
import { JsonWebKeySet } from '../token-schemas.ts'

/** `GET /jwks`: the public keys by which services verify tokens. */
export function getJwksRoute({ scope, operation }: RouteContext, tokens: Tokens): void {
  scope.get<{ Reply: JsonWebKeySet }>(
    '/jwks',
    operation({
      operationId: 'getJwks',
      summary: 'Get the public keys of tokens',
      description:
        'The keys by which tokens are verified, for everybody. A key is here for an hour before it signs, so keep them for as long as `Cache-Control` says, and ask again for one that you do not know.',
      schema: {
        response: {
          200: {
            description: 'The keys.',
            headers: {
              'Cache-Control': { type: 'string', description: 'For how long they may be kept.' },
            },
            content: { 'application/jwk-set+json': { schema: JsonWebKeySet } },
          },
        },
      },
      access: PUBLIC_ACCESS,
    }),
    async (_request, reply) => {
      const { keys } = await tokens.jwks()
      reply
        .header('cache-control', `public, max-age=${JWKS_MAX_AGE_SECONDS}`)
        .type('application/jwk-set+json')
      return { keys: [...keys] }
    },
  )
}
