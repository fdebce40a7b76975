import { principalOf } from '../authorize.ts'
import { etagHeader, readIfMatch, showApiKey } from '../etag.ts'
import { lifecycleProblem } from '../lifecycle-problem.ts'
import { IfMatchHeaders, RestoredApiKey } from '../lifecycle-schemas.ts'
import type { RouteContext } from '../operation.ts'
import { ApiKeyParams } from '../schemas.ts'

/** `POST /:id/restore`: takes a revocation back, while it can be. */
export function restoreKeyRoute({ scope, engine, operation }: RouteContext): void {
  scope.post<{ Params: ApiKeyParams; Headers: IfMatchHeaders; Reply: RestoredApiKey }>(
    '/:id/restore',
    operation({
      operationId: 'restoreApiKey',
      summary: 'Restore a revoked API key',
      description:
        'Takes a revocation back, until `revocation.restorableUntil`: the key is again what it was before, with the same secret, and disabled if it was that. On the node that answers it is good at once; the others follow within a second. A key whose secret leaked (`keyCompromise`) never comes back.',
      schema: {
        params: ApiKeyParams,
        headers: IfMatchHeaders,
        response: {
          200: {
            description: 'The restored key.',
            headers: etagHeader,
            content: { 'application/json': { schema: RestoredApiKey } },
          },
        },
      },
      problems: [
        'reauthentication_required',
        'forbidden',
        'beyond_grant',
        'not_found',
        'not_revoked',
        'not_restorable',
        'too_many_keys',
        'precondition_failed',
      ],
    }),
    async (request, reply) => {
      const { owner, actor, grant } = principalOf(request)
      const result = await engine.keys.restore(owner, actor, request.params.id, {
        grant: await grant(),
        ifRevision: readIfMatch(request.headers['if-match']),
      })
      if (!result.ok) throw lifecycleProblem(result)
      return { apiKey: showApiKey(reply, result.apiKey) }
    },
  )
}
