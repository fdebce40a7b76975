import { isDeepStrictEqual } from 'node:util'
import type { FastifyInstance, onRequestHookHandler, RouteOptions } from 'fastify'
import { FST_LATCHKEY_ROUTE } from './config-errors.ts'
import { logFailure } from './log-failure.ts'
import { sendProblem } from './problem-document.ts'
import { ProblemError } from './problem.ts'

/** In the config of a protected route: which declaration was read, and the hook that enforces it. */
const kProtection = Symbol('latchkey.protection')
/** On the app itself: its routes are watched already. */
const kWatched = Symbol('latchkey.watched')

interface Protection {
  declaration: unknown
  hook: onRequestHookHandler
}

/** Notes in a route's config that it is protected, and by what. */
export function markProtected(route: RouteOptions, hook: onRequestHookHandler): void {
  const protection: Protection = { declaration: structuredClone(route.config?.apiKey), hook }
  route.config = { ...route.config, [kProtection]: protection } as NonNullable<typeof route.config>
}

/**
 * Makes sure that no route of the whole app stands open although its `config.apiKey` asks for a key: not one
 * that was declared before Latchkey or outside of its scope, nor one whose declaration or hooks something else
 * changed afterwards. Routes that can still be seen end the start with a sentence. Routes that were declared
 * earlier cannot, so each request to one is looked at.
 */
export function refuseUnprotectedRoutes(app: FastifyInstance): void {
  const root = rootOf(app)
  if (root.hasDecorator(kWatched)) return
  root.decorate(kWatched, true)

  // Where no route was declared yet, no request needs to be looked at for the sake of one.
  if (root.printRoutes().trim() !== '(empty tree)') refuseAtRequest(root)

  const routes: RouteOptions[] = []
  root.addHook('onRoute', (route) => void routes.push(route))
  root.addHook('onReady', async () => {
    const unprotected = routes.find((route) => route.config?.apiKey !== undefined && !isProtected(route))
    if (unprotected) throw notProtected(unprotected)
  })
}

/** Answers 503 until somebody reads the log. */
function refuseAtRequest(root: FastifyInstance): void {
  root.addHook('onRequest', (request, reply, done) => {
    const { config, method, url = '' } = request.routeOptions
    if (config.apiKey === undefined || kProtection in config) return done()
    logFailure(
      request.log,
      notProtected({ method, url }),
      'A route asks for an API key but has no protection',
    )
    sendProblem(request, reply, new ProblemError('unavailable'))
  })
}

function isProtected({ config, onRequest }: RouteOptions): boolean {
  const { apiKey, [kProtection]: protection } = config as { apiKey: unknown; [kProtection]?: Protection }
  return isDeepStrictEqual(protection?.declaration, apiKey) && [onRequest].flat().includes(protection?.hook)
}

function notProtected({ method, url }: Pick<RouteOptions, 'method' | 'url'>): Error {
  return new FST_LATCHKEY_ROUTE([method].flat().join(','), url, NOT_PROTECTED)
}

const NOT_PROTECTED =
  'its `config.apiKey` was not there for Latchkey to see. Write `await app.register(latchkey, ...)` above your routes and in a scope around them (a plugin of your own that registers it must be wrapped in fastify-plugin), and let no other hook change `config.apiKey` or `onRequest` of a route.'

/** Every scope inherits from the one around it, and the outermost from nothing of Fastify's. */
function rootOf(app: FastifyInstance): FastifyInstance {
  const parent = Object.getPrototypeOf(app) as FastifyInstance
  return 'register' in parent ? rootOf(parent) : app
}
