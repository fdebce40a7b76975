import { principalOf } from '../authorize.ts'
import type { RouteContext } from '../operation.ts'
import { ProblemError } from '../problem.ts'
import { ApiKeyParams } from '../schemas.ts'

/** `DELETE /:id`: revokes for good; the record stays for those who ask later what it was. */
export function revokeKeyRoute({ scope, engine, operation }: RouteContext): void {
  scope.delete<{ Params: ApiKeyParams }>(
    '/:id',
    operation({
      operationId: 'deleteApiKey',
      summary: 'Delete an API key',
      description:
        'Revokes a key for good. No request with it succeeds once the reply is there; other servers follow within a second. Its record stays, and is listed with `status=revoked`.',
      schema: {
        params: ApiKeyParams,
        response: { 204: { description: 'The key is revoked.', type: 'null' } },
      },
      problems: ['forbidden', 'not_found'],
    }),
    async (request, reply) => {
      const { owner, actor } = principalOf(request)
      const result = await engine.keys.revoke(owner, actor, request.params.id)
      if (!result.ok) throw new ProblemError('not_found')
      return reply.code(204).send()
    },
  )
}
