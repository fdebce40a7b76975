import { createLatchkey, type Latchkey, type VerifiedKey } from '@latchkey/engine'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { FST_LATCHKEY_DECORATOR_TAKEN, FST_LATCHKEY_NAMESPACE_TAKEN } from './config-errors.ts'
import type { KeySpace } from './key-space.ts'
import { logFailure } from './log-failure.ts'
import { management } from './management.ts'
import { resolveOptions, type LatchkeyPluginOptions } from './options.ts'
import { protectRoutes, type ApiKeyRequirement } from './protected-routes.ts'
import { refuseUnprotectedRoutes } from './unprotected-routes.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Lets only requests with a good API key through; `true` asks for no scope in particular. */
    apiKey?: true | ApiKeyRequirement
  }
  interface FastifyRequest {
    /** The key that opened this route; null on routes without `config.apiKey`. */
    apiKey: VerifiedKey | null
  }
  interface FastifyInstance {
    /** The keys of the namespace `default`, for use without HTTP. */
    latchkey: Latchkey
    /** The keys of every namespace registered here, by its name. */
    latchkeys: ReadonlyMap<string, Latchkey>
  }
}

/** The key spaces of a scope, shared by its registrations; a symbol, since it is nobody else's affair. */
const kKeySpaces = Symbol('latchkey.keySpaces')

const plugin: FastifyPluginAsync<LatchkeyPluginOptions> = async (app, given) => {
  const options = resolveOptions(given)
  const { namespace, environment, rejections, routePrefix } = options
  const keySpaces = shareKeySpaces(app)
  if (keySpaces.has(namespace)) throw new FST_LATCHKEY_NAMESPACE_TAKEN(namespace)

  const engine = await createLatchkey({
    database: options.database,
    namespace,
    keyPrefix: options.keyPrefix,
    publishableKeyPrefix: options.publishableKeyPrefix,
    scopes: options.scopes,
    scopeSets: options.scopeSets,
    expiryPolicy: options.expiryPolicy,
    migrate: options.migrate,
    maxKeysPerOwner: options.maxKeysPerOwner,
    restoreWindowSeconds: options.restoreWindowSeconds,
    revokedKeyRetentionDays: options.revokedKeyRetentionDays,
    usageRetentionDays: options.usageRetentionDays,
    imports: options.imports,
    peppers: options.peppers,
    tokens: options.tokens,
    onError: (error) => logFailure(app.log, error, 'Latchkey had trouble in the background'),
  })
  // A database that went before the app did must not keep the app from closing.
  app.addHook('onClose', () =>
    engine.close().catch((error: unknown) => logFailure(app.log, error, 'Latchkey did not close cleanly')),
  )

  const keySpace: KeySpace = { engine, environment, rejections }
  keySpaces.set(namespace, keySpace)
  ;(app.latchkeys as Map<string, Latchkey>).set(namespace, engine)
  if (namespace === 'default') app.decorate('latchkey', engine)
  await app.register(management, { prefix: routePrefix, keySpace, options })
}

/** The first registration in a scope sets up what all of them share. */
function shareKeySpaces(app: FastifyInstance): Map<string, KeySpace> {
  if (app.hasDecorator(kKeySpaces)) return app.getDecorator<Map<string, KeySpace>>(kKeySpaces)
  if (app.hasRequestDecorator('apiKey')) throw new FST_LATCHKEY_DECORATOR_TAKEN('request.apiKey')

  const keySpaces = new Map<string, KeySpace>()
  app.decorate(kKeySpaces, keySpaces)
  app.decorate('latchkeys', new Map<string, Latchkey>())
  app.decorateRequest('apiKey', null)
  protectRoutes(app, keySpaces, { isDocumented: app.hasPlugin('@fastify/swagger') })
  refuseUnprotectedRoutes(app)
  return keySpaces
}

/**
 * Gives an app API keys: routes to manage them, below `routePrefix`, and protection for every route declared
 * after it whose `config.apiKey` asks for it.
 *
 * @example
 * await app.register(latchkey, {
 *   scopes: { 'contacts:read': 'Read contacts' },
 *   authorize: async (request) => ({ owner: request.user.workspaceId, actor: request.user, role: 'admin' }),
 * })
 * app.get('/contacts', { config: { apiKey: { scopes: ['contacts:read'] } } }, async (request) =>
 *   contactsOf(request.apiKey!.owner),
 * )
 */
export const latchkey = fp(plugin, { fastify: '5.x', name: '@latchkey/fastify' })
