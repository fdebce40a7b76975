import type { RouteContext } from '../operation.ts'
import { ScopeList } from '../schemas.ts'

/** `GET /scopes`: what a form for new keys offers to choose from. */
export function listScopesRoute({ scope, engine, operation }: RouteContext): void {
  const scopes: ScopeList = {
    data: Object.entries(engine.scopes).map(([name, description]) => ({ name, description })),
    sets: Object.entries(engine.scopeSets).map(([name, { description, scopes }]) => ({
      name,
      description,
      scopes: [...scopes],
    })),
    keyPrefix: engine.keyPrefix,
  }
  scope.get<{ Reply: ScopeList }>(
    '/scopes',
    operation({
      operationId: 'listScopes',
      summary: 'List scopes',
      description: 'Lists the scopes that keys may hold, and sets of them.',
      schema: {
        response: {
          200: {
            description: 'The scopes, and how secrets begin.',
            content: { 'application/json': { schema: ScopeList } },
          },
        },
      },
    }),
    async () => scopes,
  )
}
