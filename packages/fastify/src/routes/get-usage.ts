import { principalOf } from '../authorize.ts'
import type { RouteContext } from '../operation.ts'
import { invalidInput } from '../parse-input.ts'
import { ApiKeyUsage, UsageParams } from '../usage-schemas.ts'
import { parseUsageParams, toUsageJson } from '../usage-json.ts'

/** `GET /usage`: how often all keys of the owner were used. */
export function getUsageRoute({ scope, engine, operation }: RouteContext): void {
  scope.get<{ Querystring: UsageParams; Reply: ApiKeyUsage }>(
    '/usage',
    operation({
      operationId: 'getUsage',
      summary: 'Get the usage of all API keys',
      description:
        'Tells how often all your keys together were used, those revoked since included, as a series of minutes, hours or days. Counts are some seconds behind.',
      schema: {
        querystring: UsageParams,
        response: {
          200: {
            description: 'The usage of all keys.',
            content: { 'application/json': { schema: ApiKeyUsage } },
          },
        },
      },
    }),
    async (request) => {
      const result = await engine.usage.ofOwner(principalOf(request).owner, parseUsageParams(request.query))
      if (!result.ok) throw invalidInput(result)
      return toUsageJson(result.series)
    },
  )
}
