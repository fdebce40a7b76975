import { principalOf } from '../authorize.ts'
import type { RouteContext } from '../operation.ts'
import { invalidInput } from '../parse-input.ts'
import { parseUsageParams, toKeysUsageJson } from '../usage-json.ts'
import { ApiKeysUsage, KeysUsageParams } from '../usage-schemas.ts'

/** `GET /usage/keys`: how often several keys were used, side by side. */
export function getUsageOfKeysRoute({ scope, engine, operation }: RouteContext): void {
  scope.get<{ Querystring: KeysUsageParams; Reply: ApiKeysUsage }>(
    '/usage/keys',
    operation({
      operationId: 'getUsageOfKeys',
      summary: 'Get the usage of several API keys',
      description:
        'Tells how often each of several keys was used: of those that `ids` names, in this order, or of those with the most requests, the busiest first. Ids that are none of your keys are left out. Counts are some seconds behind.',
      schema: {
        querystring: KeysUsageParams,
        response: {
          200: {
            description: 'The usage of the keys.',
            content: { 'application/json': { schema: ApiKeysUsage } },
          },
        },
      },
    }),
    async (request) => {
      const result = await engine.usage.ofKeys(principalOf(request).owner, parseUsageParams(request.query))
      if (!result.ok) throw invalidInput(result)
      return toKeysUsageJson(result.usage)
    },
  )
}
