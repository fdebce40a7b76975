import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bearer, createKey, registerLatchkey } from './support/app.ts'
import { useEmbeddedDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'

const database = useEmbeddedDatabase()
let app: FastifyInstance
beforeEach(() => {
  app = Fastify({ pluginTimeout: 60_000 })
})
afterEach(() => app.close())

const declare = (scope: FastifyInstance) =>
  scope.get('/secret', { config: { apiKey: { scopes: ['contacts:read'] } } }, async () => 'open')

describe('a route that asks for a key but cannot have its protection ends the start, rather than be open', () => {
  const NOT_PROTECTED = /The route GET \/secret cannot be protected by Latchkey: .*fastify-plugin/

  it('when Latchkey is inside a plugin that is not wrapped in fastify-plugin', async () => {
    await app.register(async (scope) => registerLatchkey(scope, database()))
    declare(app)
    await expect(app.ready()).rejects.toThrow(NOT_PROTECTED)
  })

  it('when Latchkey is in a scope beside its own', async () => {
    await app.register(async (scope) => registerLatchkey(scope, database()))
    await app.register(async (scope) => void declare(scope))
    await expect(app.ready()).rejects.toThrow(NOT_PROTECTED)
  })

  it('when a later hook adds the declaration', async () => {
    await registerLatchkey(app, database())
    await app.register(async (scope) => {
      scope.addHook('onRoute', (route) => {
        route.config = { ...route.config, apiKey: true }
      })
      scope.get('/secret', async () => 'open')
    })
    await expect(app.ready()).rejects.toThrow(NOT_PROTECTED)
  })

  it('when a later hook asks for more', async () => {
    await registerLatchkey(app, database())
    app.addHook('onRoute', ({ config }) => {
      if (typeof config?.apiKey === 'object') config.apiKey.scopes = ['contacts:write']
    })
    declare(app)
    await expect(app.ready()).rejects.toThrow(NOT_PROTECTED)
  })

  it('when a later hook takes the check away', async () => {
    await registerLatchkey(app, database())
    app.addHook('onRoute', (route) => {
      route.onRequest = (_request, _reply, done) => done()
    })
    declare(app)
    await expect(app.ready()).rejects.toThrow(NOT_PROTECTED)
  })
})

describe('a route in a scope that was loaded before Latchkey, beside its own', () => {
  it('answers 503', async () => {
    await app.register(async (scope) => void declare(scope))
    await app.register(async (scope) => registerLatchkey(scope, database()))
    expectProblem(await app.inject('/secret'), 'unavailable')
  })
})

describe('two registrations in scopes of their own', () => {
  it('each protect their own routes', async () => {
    for (const prefix of ['/a', '/b']) {
      await app.register(
        async (scope) => {
          await registerLatchkey(scope, database(), {
            routePrefix: `/keys${prefix}`,
            namespace: prefix.slice(1),
          })
          scope.get('/secret', { config: { apiKey: { namespace: prefix.slice(1) } } }, async () => 'open')
        },
        { prefix },
      )
    }
    expectProblem(await app.inject('/a/secret'), 'unauthenticated')
    expectProblem(await app.inject('/b/secret'), 'unauthenticated')
  })
})

describe('the HEAD route that Fastify adds to a GET route', () => {
  it('is protected, and judges the key once', async () => {
    await registerLatchkey(app, database())
    declare(app)
    expect((await app.inject({ method: 'HEAD', url: '/secret' })).statusCode).toBe(401)
    const { secret } = await createKey(app, 'acme', { scopes: ['contacts:read'] })
    const verify = vi.spyOn(app.latchkey, 'verify')
    const reply = await app.inject({ method: 'HEAD', url: '/secret', headers: bearer(secret) })
    expect(reply.statusCode).toBe(200)
    expect(verify).toHaveBeenCalledTimes(1)
  })
})
