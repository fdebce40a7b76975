import { RESERVED_SCOPES } from '@latchkey/engine'
import type { RouteContext } from '../operation.ts'
import { ScopeList } from '../schemas.ts'

/** What everybody may hand out beside the declared scopes. */
const { 'latchkey:verify': _, ...MANAGEMENT_SCOPES } = RESERVED_SCOPES

/** `GET /scopes`: what a form for new keys offers to choose from. */
export function listScopesRoute({ scope, engine, operation }: RouteContext): void {
  const list = (scopes: Readonly<Record<string, string>>, managesKeys: boolean) =>
    Object.entries(scopes).map(([name, description]) => ({
      name,
      description,
      managesKeys,
      public: engine.publicScopes.includes(name),
    }))
  const scopes: ScopeList = {
    data: [...list(engine.scopes, false), ...list(MANAGEMENT_SCOPES, true)],
    sets: Object.entries(engine.scopeSets).map(([name, { description, scopes }]) => ({
      name,
      description,
      scopes: [...scopes],
    })),
    keyPrefix: engine.keyPrefix,
    publishableKeyPrefix: engine.publishableKeyPrefix,
  }
  scope.get<{ Reply: ScopeList }>(
    '/scopes',
    operation({
      operationId: 'listScopes',
      summary: 'List scopes',
      description:
        'Lists the scopes that keys may hold: those of the API, sets of them, and those by which a key may manage keys.',
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
