import type { Tokens } from '@latchkey/engine'
import { anyKeyAccess } from '../access.ts'
import { NO_SCOPES, refusalOf } from '../key-space.ts'
import type { RouteContext } from '../operation.ts'
import { invalidInput } from '../parse-input.ts'
import { ProblemError } from '../problem.ts'
import { CreatedToken, CreateToken } from '../token-schemas.ts'

/** `POST /token`: a key exchanges itself for a token. */
export function createTokenRoute({ scope, keySpace, operation }: RouteContext, tokens: Tokens): void {
  scope.post<{ Body: CreateToken; Reply: CreatedToken }>(
    '/token',
    operation({
      operationId: 'createToken',
      summary: 'Exchange a key for a token',
      description:
        "Answers a key with a signed token that works for minutes, for what the key may do or less. Services verify it by the host's public keys without asking anybody, so it works until it expires even when its key is revoked meanwhile. It counts as a request with the key.",
      schema: {
        body: CreateToken,
        response: {
          200: {
            description: 'The token.',
            content: { 'application/json': { schema: CreatedToken } },
          },
        },
      },
      problems: ['invalid_json', 'payload_too_large', 'unsupported_media_type', 'request_timeout'],
      access: anyKeyAccess(keySpace),
    }),
    async (request, reply) => {
      // The body may have been under way for long; the token began when the key was verified.
      const ageMs = reply.elapsedTime
      const issued = await tokens.issue(request.apiKey!, { ...request.body, ageMs })
      if (issued.ok) {
        const { token, lifetimeSeconds, scopes } = issued
        return {
          access_token: token,
          token_type: 'Bearer',
          expires_in: lifetimeSeconds,
          scope: scopes.join(' '),
        }
      }
      switch (issued.reason) {
        case 'invalid':
          throw invalidInput(issued)
        case 'insufficient_scope':
          throw refusalOf('insufficient_scope', keySpace, { ...NO_SCOPES, scopes: issued.scopes })
        case 'expired':
          throw refusalOf('expired', keySpace, NO_SCOPES)
        case 'too_late':
          throw new ProblemError('request_timeout')
      }
    },
  )
}
