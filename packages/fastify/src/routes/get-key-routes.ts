import { principalOf } from '../authorize.ts'
import type { RouteContext } from '../operation.ts'
import { invalidInput } from '../parse-input.ts'
import { ProblemError } from '../problem.ts'
import { ApiKeyRoutes, RouteUseParams } from '../route-use-schemas.ts'
import { ApiKeyParams } from '../schemas.ts'

/** `GET /:id/routes`: what a key is used for, and which of its scopes it does not need. */
export function getKeyRoutesRoute({ scope, engine, operation }: RouteContext): void {
  scope.get<{ Params: ApiKeyParams; Querystring: RouteUseParams; Reply: ApiKeyRoutes }>(
    '/:id/routes',
    operation({
      operationId: 'getApiKeyRoutes',
      summary: 'Get the routes that an API key opens',
      description:
        'Tells which routes a key opened in the last days and how often, and which of its scopes no request needed: those can be taken from it. Counts are some seconds behind.',
      schema: {
        params: ApiKeyParams,
        querystring: RouteUseParams,
        response: {
          200: {
            description: 'The routes and scopes of the key.',
            content: { 'application/json': { schema: ApiKeyRoutes } },
          },
        },
      },
      problems: ['not_found'],
    }),
    async (request) => {
      const { owner } = principalOf(request)
      const result = await engine.routeUses.ofKey(owner, request.params.id, request.query)
      if (!result.ok) {
        throw result.reason === 'not_found' ? new ProblemError('not_found') : invalidInput(result)
      }
      const { since, routes, scopes } = result.report
      return {
        since: since.toISOString(),
        routes: routes.map((route) => ({
          ...route,
          scopes: [...route.scopes],
          anyScope: [...route.anyScope],
        })),
        scopes,
      }
    },
  )
}
