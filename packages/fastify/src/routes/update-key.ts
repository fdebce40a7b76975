import { toApiKeyJson } from '../api-key-json.ts'
import { principalOf } from '../authorize.ts'
import type { RouteContext } from '../operation.ts'
import { invalidInput, parseExpiry } from '../parse-input.ts'
import { ProblemError } from '../problem.ts'
import { ApiKey, ApiKeyParams, UpdateApiKey } from '../schemas.ts'

const REFUSALS = { not_found: 'not_found', revoked: 'already_revoked', expired: 'already_expired' } as const

/** `PATCH /:id`: renames, disables, enables; in force when the reply is there. */
export function updateKeyRoute({ scope, engine, operation }: RouteContext): void {
  scope.patch<{ Params: ApiKeyParams; Body: UpdateApiKey; Reply: ApiKey }>(
    '/:id',
    operation({
      operationId: 'updateApiKey',
      summary: 'Change an API key',
      description:
        'Changes what is sent and leaves the rest. The change is in force when the reply arrives; other servers follow within a second.',
      schema: {
        params: ApiKeyParams,
        body: UpdateApiKey,
        response: {
          200: { description: 'The changed key.', content: { 'application/json': { schema: ApiKey } } },
        },
      },
      problems: [
        'invalid_json',
        'forbidden',
        'not_found',
        'already_revoked',
        'already_expired',
        'payload_too_large',
        'unsupported_media_type',
      ],
    }),
    async (request) => {
      const { owner, actor } = principalOf(request)
      const { expiresAt, ...fields } = request.body
      const changes = { ...fields, expiresAt: parseExpiry(expiresAt) }
      const result = await engine.keys.update(owner, actor, request.params.id, changes)
      if (!result.ok) {
        throw result.reason === 'invalid' ? invalidInput(result) : new ProblemError(REFUSALS[result.reason])
      }
      return toApiKeyJson(result.apiKey)
    },
  )
}
