import type { FastifyPluginAsync } from 'fastify'
import { auditAccess, managementAccess } from './access.ts'
import { decoratePrincipal } from './authorize.ts'
import { useOwnCompilers } from './compilers.ts'
import { createErrorHandler } from './error-handler.ts'
import { acceptJsonOnly } from './json-body.ts'
import { decorateHeld } from './holder.ts'
import { handleNotFound } from './not-found-handler.ts'
import type { KeySpace } from './key-space.ts'
import { createOperations, type RouteContext } from './operation.ts'
import type { ResolvedOptions } from './options.ts'
import { authorizeRoute } from './routes/authorize.ts'
import { changeKeysRoute } from './routes/change-keys.ts'
import { createKeyRoute } from './routes/create-key.ts'
import { createTokenRoute } from './routes/create-token.ts'
import { exportEventsRoute } from './routes/export-events.ts'
import { getJwksRoute } from './routes/get-jwks.ts'
import { getKeyRoutesRoute } from './routes/get-key-routes.ts'
import { getKeyUsageRoute } from './routes/get-key-usage.ts'
import { getPolicyRoute } from './routes/get-policy.ts'
import { getKeyRoute } from './routes/get-key.ts'
import { getUsageOfKeysRoute } from './routes/get-usage-of-keys.ts'
import { getUsageRoute } from './routes/get-usage.ts'
import { listEventsRoute } from './routes/list-events.ts'
import { listKeysRoute } from './routes/list-keys.ts'
import { listScopesRoute } from './routes/list-scopes.ts'
import { restoreKeyRoute } from './routes/restore-key.ts'
import { deleteKeyRoute, revokeKeyRoute } from './routes/revoke-key.ts'
import { rotateKeyRoute } from './routes/rotate-key.ts'
import { selfRevokeRoute } from './routes/self-revoke.ts'
import { setPolicyRoute } from './routes/set-policy.ts'
import { updateKeyRoute } from './routes/update-key.ts'
import { updateRetiringSecretRoute } from './routes/update-retiring-secret.ts'
import { verifyKeyRoute } from './routes/verify-key.ts'
import { verifyKeysRoute } from './routes/verify-keys.ts'

/** What the scope of the key routes is made from. */
export interface ManagementOptions {
  keySpace: KeySpace
  options: ResolvedOptions
}

/**
 * The key routes, in a scope that brings everything they rely on: validators, serializers, a body parser, error
 * and not-found handlers. Nothing that a host sets up for its own routes changes what these accept or show.
 */
export const management: FastifyPluginAsync<ManagementOptions> = async (scope, { keySpace, options }) => {
  useOwnCompilers(scope)
  acceptJsonOnly(scope)
  decoratePrincipal(scope)
  decorateHeld(scope)
  scope.setErrorHandler(createErrorHandler('unavailable'))
  scope.setNotFoundHandler(handleNotFound)
  scope.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store')
    done()
  })

  const { engine } = keySpace
  const operation = createOperations({
    namespace: engine.namespace,
    managementSecurity: options.managementSecurity,
    managementAccess: managementAccess(keySpace, options),
  })
  const context: RouteContext = { scope, engine, keySpace, operation }
  for (const addRoute of [
    createKeyRoute,
    listKeysRoute,
    listScopesRoute,
    getPolicyRoute,
    setPolicyRoute,
    getUsageRoute,
    getUsageOfKeysRoute,
    getKeyRoute,
    getKeyUsageRoute,
    getKeyRoutesRoute,
    updateKeyRoute,
    deleteKeyRoute,
    revokeKeyRoute,
    restoreKeyRoute,
    changeKeysRoute,
    selfRevokeRoute,
    rotateKeyRoute,
    updateRetiringSecretRoute,
    verifyKeyRoute,
    verifyKeysRoute,
    authorizeRoute,
  ]) {
    addRoute(context)
  }
  const forAuditors = auditAccess(keySpace, options)
  listEventsRoute(context, forAuditors)
  exportEventsRoute(context, forAuditors)
  if (engine.tokens !== null) {
    createTokenRoute(context, engine.tokens)
    getJwksRoute(context, engine.tokens)
  }
}
