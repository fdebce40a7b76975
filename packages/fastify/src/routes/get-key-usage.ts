import { principalOf } from '../authorize.ts'
import type { RouteContext } from '../operation.ts'
import { invalidInput } from '../parse-input.ts'
import { ProblemError } from '../problem.ts'
import { ApiKeyParams } from '../schemas.ts'
import { ApiKeyUsage, UsageParams } from '../usage-schemas.ts'
import { parseUsageParams, toUsageJson } from '../usage-json.ts'

/** `GET /:id/usage`: how often one key was used. One of another owner is as unknown as one that never was. */
export function getKeyUsageRoute({ scope, engine, operation }: RouteContext): void {
  scope.get<{ Params: ApiKeyParams; Querystring: UsageParams; Reply: ApiKeyUsage }>(
    '/:id/usage',
    operation({
      operationId: 'getApiKeyUsage',
      summary: 'Get the usage of an API key',
      description:
        'Tells how often a key was used, also one that is revoked, as a series of minutes, hours or days. Counts are some seconds behind.',
      schema: {
        params: ApiKeyParams,
        querystring: UsageParams,
        response: {
          200: {
            description: 'The usage of the key.',
            content: { 'application/json': { schema: ApiKeyUsage } },
          },
        },
      },
      problems: ['not_found'],
    }),
    async (request) => {
      const { owner } = principalOf(request)
      const result = await engine.usage.ofKey(owner, request.params.id, parseUsageParams(request.query))
      if (result.ok) return toUsageJson(result.series)
      throw result.reason === 'not_found' ? new ProblemError('not_found') : invalidInput(result)
    },
  )
}
