import { MAX_RATE_LIMIT } from '@latchkey/engine'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { FST_LATCHKEY_ROUTE } from './config-errors.ts'
import type { KeySpace, WantedScopes } from './key-space.ts'
import { documentProtection } from './openapi.ts'
import { createRequireApiKey } from './require-api-key.ts'
import { speaksJsonSchema } from './speaks-json-schema.ts'
import { markProtected } from './unprotected-routes.ts'

/** What a route may ask of a key, in `config.apiKey`; `true` asks for any good key. */
export interface ApiKeyRequirement {
  /** The key must have every one of these scopes. */
  scopes?: readonly string[]
  /** And at least one of these. */
  anyScope?: readonly string[]
  /** Which registration's keys open the route; `default` when left out. */
  namespace?: string
  /** Units that a request takes from each rate limit of its key, and credits from its quota, 0 to 1,000,000; 1 when left out. */
  cost?: number
}

/**
 * Makes `config.apiKey` the one declaration: every route declared from now on in this scope or below gets the
 * hook it asks for, and its operation in the OpenAPI document says so.
 *
 * @param isDocumented whether @fastify/swagger is there to see the key routes, whose transform defines the
 * security schemes; without them, operations that refer to the schemes would break the document.
 */
export function protectRoutes(
  app: FastifyInstance,
  keySpaces: ReadonlyMap<string, KeySpace>,
  { isDocumented }: { isDocumented: boolean },
): void {
  const undocumented: { scope: FastifyInstance; route: RouteOptions; wanted: WantedScopes }[] = []

  app.addHook('onRoute', function (route) {
    const apiKey = readDeclaration(route)
    if (apiKey === null) return
    const keySpace = findKeySpace(route, keySpaces, apiKey)
    const scopes = readScopes(route, keySpace, 'scopes', apiKey)
    const anyScope = readScopes(route, keySpace, 'anyScope', apiKey)
    if (apiKey.anyScope?.length === 0) {
      throw unprotectable(route, '`config.apiKey.anyScope` must name at least one scope, or be left out.')
    }
    const cost = readCost(route, apiKey)
    const hasErrorHandler = route.errorHandler !== undefined

    const named = { method: [route.method].flat().join(','), path: route.url }
    const requireApiKey = createRequireApiKey({
      keySpace,
      scopes,
      anyScope,
      cost,
      route: named,
      hasErrorHandler,
    })
    route.onRequest = [requireApiKey, ...[route.onRequest ?? []].flat()]
    markProtected(route, requireApiKey)
    if (isDocumented) undocumented.push({ scope: this, route, wanted: { scopes, anyScope } })
  })

  // By now Fastify has compiled the schemas it serves with, so that only the document sees these changes.
  app.addHook('onReady', async () => {
    for (const [scope, routes] of Map.groupBy(undocumented, (entry) => entry.scope)) {
      const isJsonSchema = speaksJsonSchema(scope)
      for (const { route, wanted } of routes) documentProtection(route, wanted, { isJsonSchema })
    }
  })
}

const KNOWN: readonly string[] = [
  'scopes',
  'anyScope',
  'namespace',
  'cost',
] satisfies (keyof ApiKeyRequirement)[]

function readDeclaration(route: RouteOptions): ApiKeyRequirement | null {
  const apiKey: unknown = route.config?.apiKey
  if (apiKey === undefined) return null
  if (apiKey === true) return {}
  if (typeof apiKey !== 'object' || apiKey === null || Array.isArray(apiKey)) {
    throw unprotectable(
      route,
      '`config.apiKey` must be true or { scopes, anyScope, namespace, cost }; leave it out to open the route.',
    )
  }
  const unknown = Object.keys(apiKey).find((name) => !KNOWN.includes(name))
  if (unknown !== undefined) {
    throw unprotectable(
      route,
      `\`config.apiKey.${unknown}\` is not known; there are ${KNOWN.map((name) => `\`${name}\``).join(', ')}.`,
    )
  }
  return apiKey
}

function findKeySpace(
  route: RouteOptions,
  keySpaces: ReadonlyMap<string, KeySpace>,
  { namespace = 'default' }: ApiKeyRequirement,
): KeySpace {
  const keySpace = keySpaces.get(namespace)
  if (keySpace) return keySpace
  const names = [...keySpaces.keys()].map((name) => JSON.stringify(name)).join(', ')
  throw unprotectable(
    route,
    `no Latchkey is registered for the namespace ${JSON.stringify(namespace)} (there is ${names}). Register it above the route, or name another in \`config.apiKey.namespace\`.`,
  )
}

function readScopes(
  route: RouteOptions,
  { engine }: KeySpace,
  name: 'scopes' | 'anyScope',
  { [name]: scopes = [] }: { [name in 'scopes' | 'anyScope']?: unknown },
): readonly string[] {
  if (!Array.isArray(scopes)) {
    throw unprotectable(route, `\`config.apiKey.${name}\` must be a list of scopes.`)
  }
  const wanted = new Set(scopes.map(String))
  const unknown = [...wanted].find((scope) => !Object.hasOwn(engine.scopes, scope))
  if (unknown !== undefined) {
    const declared = Object.keys(engine.scopes).join(', ') || 'none'
    throw unprotectable(
      route,
      `the scope ${JSON.stringify(unknown)} is not among those Latchkey was registered with (${declared}). Correct it, or add it to the option \`scopes\`.`,
    )
  }
  return Object.freeze([...wanted])
}

function readCost(route: RouteOptions, { cost = 1 }: { cost?: unknown }): number {
  if (Number.isInteger(cost) && (cost as number) >= 0 && (cost as number) <= MAX_RATE_LIMIT) {
    return cost as number
  }
  throw unprotectable(route, `\`config.apiKey.cost\` must be a whole number from 0 to ${MAX_RATE_LIMIT}.`)
}

function unprotectable({ method, url }: RouteOptions, why: string): Error {
  return new FST_LATCHKEY_ROUTE([method].flat().join(','), url, why)
}
