import type { Database } from '@latchkey/engine'
import Fastify, { type FastifyInstance, type FastifyServerOptions, type InjectOptions } from 'fastify'
import {
  latchkey,
  type CreateApiKey,
  type LatchkeyPluginOptions,
  type Principal,
  type RateLimit,
  type Role,
} from '../../src/index.ts'

/** The scopes of every test app. */
export const SCOPES = {
  'contacts:read': 'Read contacts',
  'contacts:write': 'Create, change and delete contacts',
}

/** Where the key routes of a test app are. */
export const KEYS = '/v1/api-keys'

/** How a test app tells who asks: by a header, as no real app would. */
export const authorize: LatchkeyPluginOptions['authorize'] = ({ headers }) => {
  const principal = headers['x-test-principal']
  return typeof principal === 'string' ? (JSON.parse(principal) as Principal) : null
}

/** The header of a person with a role at an owner. */
export function signedIn(owner: string, role: Role = 'admin'): Record<string, string> {
  const principal: Principal = { owner, actor: { id: `user_of_${owner}`, name: 'Ada' }, role }
  return { 'x-test-principal': JSON.stringify(principal) }
}

/** The header of a program with a key. */
export function bearer(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}` }
}

/** What an app writes to its log, each line parsed. */
export function captureLog() {
  const lines: string[] = []
  const logger = { level: 'trace', stream: { write: (line: string) => void lines.push(line) } }
  return {
    logger,
    text: () => lines.join(''),
    entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}

/** Registers the plugin as most tests want it. */
export async function registerLatchkey(
  app: FastifyInstance,
  database: Database | string,
  options: Partial<LatchkeyPluginOptions> = {},
): Promise<void> {
  await app.register(latchkey, { database, scopes: SCOPES, authorize, ...options })
}

/** Adds the routes that tests knock at. The handler counts, so that a test can see whether it ran. */
export function addProtectedRoutes(app: FastifyInstance): { runs: () => number } {
  let runs = 0
  const config = (scopes?: string[]) => ({ config: { apiKey: scopes ? { scopes } : (true as const) } })
  const handler = async (request: { apiKey: { owner: string; id: string } | null }) => {
    runs += 1
    return { owner: request.apiKey?.owner ?? null, id: request.apiKey?.id ?? null }
  }
  app.get('/any', config(), handler)
  app.get('/contacts', config(['contacts:read']), handler)
  app.post('/contacts', config(['contacts:read', 'contacts:write']), handler)
  app.get('/open', handler)
  return { runs: () => runs }
}

/** A plain host with the plugin and the protected routes. */
export async function createApp(
  database: Database | string,
  options: Partial<LatchkeyPluginOptions> = {},
  server: FastifyServerOptions = {},
) {
  const log = captureLog()
  const app = Fastify({ pluginTimeout: 60_000, logger: log.logger, ...server })
  await registerLatchkey(app, database, options)
  const protectedRoutes = addProtectedRoutes(app)
  return { app, log, ...protectedRoutes }
}

/** The fields of a new key that tests set. */
export interface NewKey {
  name?: string
  scopes?: readonly string[]
  environment?: 'live' | 'test'
  expiresAt?: string
  rateLimits?: RateLimit[]
  quota?: CreateApiKey['quota']
  kind?: CreateApiKey['kind']
  allowedIps?: readonly string[]
  allowedOrigins?: readonly string[]
  blockBrowsers?: boolean
}

/** Creates a key by way of HTTP. */
export async function createKey(
  app: FastifyInstance,
  owner: string,
  fields: NewKey = {},
  keys = KEYS,
): Promise<{ id: string; secret: string }> {
  const reply = await app.inject({
    method: 'POST',
    url: keys,
    headers: signedIn(owner),
    payload: { name: 'Test', ...fields },
  })
  if (reply.statusCode !== 201) throw new Error(`${reply.statusCode} ${reply.body}`)
  const { apiKey, secret } = reply.json<{ apiKey: { id: string }; secret: string }>()
  return { id: apiKey.id, secret }
}

/** The secret of a key for the host's own services and proxies, as the host's own code makes it. */
export async function createServiceKey(app: FastifyInstance, scopes = ['latchkey:verify']): Promise<string> {
  const actor = { id: 'host', name: null }
  const result = await app.latchkey.keys.create('host', actor, { name: 'Gateway', scopes })
  if (!result.ok) throw new Error(result.reason)
  return result.secret
}

/** Sends a request as a person of an owner. */
export function callAs(app: FastifyInstance, owner: string, request: InjectOptions, role?: Role) {
  return app.inject({ ...request, headers: { ...signedIn(owner, role), ...request.headers } })
}
