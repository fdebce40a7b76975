import { principalOf } from '../authorize.ts'
import type { RouteContext } from '../operation.ts'
import { toPolicyJson } from '../policy-json.ts'
import { KeyPolicy } from '../policy-schemas.ts'

/** `GET /policy`: what holds for the owner's new keys. */
export function getPolicyRoute({ scope, engine, operation }: RouteContext): void {
  scope.get<{ Reply: KeyPolicy }>(
    '/policy',
    operation({
      operationId: 'getApiKeyPolicy',
      summary: 'Get the policy of new keys',
      description: 'Tells for how long keys may live, and what they may do at most.',
      schema: {
        response: {
          200: {
            description: 'The policy.',
            content: { 'application/json': { schema: KeyPolicy } },
          },
        },
      },
    }),
    async (request) => {
      const settings = await engine.owners.get(principalOf(request).owner)
      return toPolicyJson(settings, engine.expiryPolicy)
    },
  )
}
