import swagger from '@fastify/swagger'
import { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from '@fastify/type-provider-zod'
import type { Database } from '@latchkey/engine'
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { z } from 'zod'
import { problems } from '../../src/index.ts'
import { addProtectedRoutes, captureLog, KEYS, registerLatchkey } from './app.ts'

/** An app that Latchkey was added to. */
export interface Host {
  app: FastifyInstance
  log: ReturnType<typeof captureLog>
  /** Where the key routes are. */
  keys: string
  /** Where the protected routes are. */
  base: string
}

/** A kind of app that somebody may add Latchkey to. */
export interface HostKind {
  name: string
  start: (database: Database) => Promise<Host>
}

const OPENAPI = { openapi: '3.1.0', info: { title: 'Host', version: '1.0.0' } }

/** A host that differs from a plain one by what it does first, and by its server options. */
function host(
  name: string,
  prepare: (app: FastifyInstance) => unknown,
  server: FastifyServerOptions = {},
): HostKind {
  return {
    name,
    async start(database) {
      const log = captureLog()
      const app = Fastify({ pluginTimeout: 60_000, logger: log.logger, ...server })
      await prepare(app)
      await registerLatchkey(app, database)
      addProtectedRoutes(app)
      await app.ready()
      return { app, log, keys: KEYS, base: '' }
    },
  }
}

/** The same in a scope of its own, under a prefix or not. */
function scopedHost(name: string, prefix: string): HostKind {
  return {
    name,
    async start(database) {
      const log = captureLog()
      const app = Fastify({ pluginTimeout: 60_000, logger: log.logger })
      let inner!: FastifyInstance
      await app.register(
        async (scope) => {
          inner = scope
          await registerLatchkey(scope, database)
          addProtectedRoutes(scope)
        },
        { prefix },
      )
      app.get('/outside', async (request) => ({ apiKey: 'apiKey' in request }))
      await app.ready()
      return { app: inner, log, keys: `${prefix}${KEYS}`, base: prefix }
    },
  }
}

/** What a careless error handler might do: tell everything there is to tell. */
function tellEverything(app: FastifyInstance): void {
  app.setErrorHandler((error, _request, reply) => {
    const seen = error as Error & Record<string, unknown>
    const all = Object.getOwnPropertyNames(seen).map((name) => [name, seen[name]])
    return reply.send({
      oops: Object.fromEntries(all) as object,
      text: String(seen),
      cause: String(seen.cause),
    })
  })
}

/** Every kind of host that Latchkey must work in, unchanged. */
export const hostKinds: readonly HostKind[] = [
  host('a plain host', () => {}),

  host('a host on the Zod type provider', async (app) => {
    app.setValidatorCompiler(validatorCompiler)
    app.setSerializerCompiler(serializerCompiler)
    await app.register(swagger, { openapi: OPENAPI, transform: jsonSchemaTransform })
    const schema = { body: z.object({ n: z.number() }), response: { 200: z.object({ n: z.number() }) } }
    app.post('/own', { schema }, async (request) => request.body as { n: number })
  }),

  host("a host on TypeBox' own validator", (app) => app.setValidatorCompiler(TypeBoxValidatorCompiler)),

  host('a host that strips, coerces and defaults', () => {}, {
    ajv: { customOptions: { removeAdditional: 'all', coerceTypes: 'array', useDefaults: 'empty' } },
  }),

  host('a host with a lenient JSON parser and a catch-all', (app) => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
      try {
        done(null, JSON.parse(String(text)))
      } catch {
        done(null, { name: 'whatever' })
      }
    })
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) =>
      done(null, { name: String(text) }),
    )
  }),

  host('a host with error and not-found handlers of its own', (app) => {
    tellEverything(app)
    app.setNotFoundHandler((_request, reply) => reply.code(404).send({ mine: true }))
  }),

  host('a host with `problems`', (app) => app.register(problems)),

  host('a host with a reply serializer and an error formatter of its own', (app) => {
    app.setReplySerializer((payload) => JSON.stringify({ wrapped: payload }))
    app.setSchemaErrorFormatter(() => new Error('formatted'))
  }),

  host('a host with schemas of the same names', (app) => {
    app.addSchema({ $id: 'ApiKey', type: 'integer' })
    app.addSchema({ $id: 'Problem', type: 'integer' })
    return app.register(swagger, {
      openapi: OPENAPI,
      refResolver: { buildLocalReference: (json) => json.$id as string },
    })
  }),

  host('a host on OpenAPI 3.0', (app) =>
    app.register(swagger, { openapi: { ...OPENAPI, openapi: '3.0.3' } }),
  ),

  host('a host on OpenAPI 2', (app) => app.register(swagger, { swagger: { info: OPENAPI.info } })),

  host('a host with routes declared earlier', (app) => app.get('/own', async () => 'own')),

  scopedHost('a host with Latchkey in an encapsulated scope', ''),

  scopedHost('a host with Latchkey in a scope with a prefix', '/tenant'),

  {
    name: 'a host with two key spaces',
    async start(database) {
      const log = captureLog()
      const app = Fastify({ pluginTimeout: 60_000, logger: log.logger })
      await registerLatchkey(app, database, {
        namespace: 'partners',
        routePrefix: '/v1/partner-keys',
        scopes: { 'orders:read': 'Read orders' },
        keyPrefix: 'pk',
      })
      await registerLatchkey(app, database)
      addProtectedRoutes(app)
      await app.ready()
      return { app, log, keys: KEYS, base: '' }
    },
  },
]
