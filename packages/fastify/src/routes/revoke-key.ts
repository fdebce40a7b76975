import { toApiKeyJson } from '../api-key-json.ts'
import { principalOf } from '../authorize.ts'
import type { RouteContext } from '../operation.ts'
import { beyondGrant } from '../parse-input.ts'
import { ProblemError } from '../problem.ts'
import { ApiKeyParams, DeletedApiKey } from '../schemas.ts'

/** `DELETE /:id`: revokes for good; the record stays for those who ask later what it was. */
export function revokeKeyRoute({ scope, engine, operation }: RouteContext): void {
  scope.delete<{ Params: ApiKeyParams; Reply: DeletedApiKey }>(
    '/:id',
    operation({
      operationId: 'deleteApiKey',
      summary: 'Delete an API key',
      description:
        'Revokes a key for good. The reply waits until every node refuses the key, one second at most, and its `receipt` says how many do. The record of the key stays, and is listed with `status=revoked`.',
      schema: {
        params: ApiKeyParams,
        response: {
          200: {
            description: 'The key is revoked.',
            content: { 'application/json': { schema: DeletedApiKey } },
          },
        },
      },
      problems: ['forbidden', 'beyond_grant', 'not_found'],
    }),
    async (request) => {
      const { owner, actor, grant } = principalOf(request)
      const result = await engine.keys.revoke(owner, actor, request.params.id, { grant: await grant() })
      if (!result.ok) {
        throw result.reason === 'beyond_grant' ? beyondGrant(result) : new ProblemError('not_found')
      }
      return { apiKey: toApiKeyJson(result.apiKey), receipt: result.receipt }
    },
  )
}
