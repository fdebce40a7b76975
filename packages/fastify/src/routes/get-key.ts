import { principalOf } from '../authorize.ts'
import { etagHeader, showApiKey } from '../etag.ts'
import type { RouteContext } from '../operation.ts'
import { ProblemError } from '../problem.ts'
import { ApiKey, ApiKeyParams } from '../schemas.ts'

/** `GET /:id`: one key. One of another owner is as unknown as one that never was. */
export function getKeyRoute({ scope, engine, operation }: RouteContext): void {
  scope.get<{ Params: ApiKeyParams; Reply: ApiKey }>(
    '/:id',
    operation({
      operationId: 'getApiKey',
      summary: 'Get an API key',
      description: 'Shows one key. Its secret is not part of it.',
      schema: {
        params: ApiKeyParams,
        response: {
          200: {
            description: 'The key.',
            headers: etagHeader,
            content: { 'application/json': { schema: ApiKey } },
          },
        },
      },
      problems: ['not_found'],
    }),
    async (request, reply) => {
      const key = await engine.keys.get(principalOf(request).owner, request.params.id)
      if (key === null) throw new ProblemError('not_found')
      return showApiKey(reply, key)
    },
  )
}
