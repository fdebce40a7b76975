import cors from '@fastify/cors'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { ScopeList } from '../src/index.ts'
import { addProtectedRoutes, bearer, callAs, createKey, KEYS, registerLatchkey } from './support/app.ts'
import { describeOnEachDatabase, useEmbeddedDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'
import { tokenOptions } from './support/token-options.ts'

const scopes = {
  'contacts:read': { description: 'Read contacts', public: true },
  'contacts:write': 'Create, change and delete contacts',
}
const page = 'https://app.example.com'
const published = { kind: 'publishable', scopes: ['contacts:read'], allowedOrigins: [page] } as const

describeOnEachDatabase('publishable keys over HTTP', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    app = Fastify({ pluginTimeout: 60_000 })
    await registerLatchkey(app, database(), { scopes, tokens: tokenOptions() })
    addProtectedRoutes(app)
    app.get(
      '/either',
      { config: { apiKey: { anyScope: ['contacts:read', 'contacts:write'] } } },
      async () => 'x',
    )
  })
  afterAll(() => app.close())
  const use = (secret: string, url: string, method: 'GET' | 'POST' = 'GET', origin = page) =>
    app.inject({ url, method, headers: { ...bearer(secret), origin } })

  it('open routes that ask for a public scope, on their pages, and no others', async () => {
    const { secret } = await createKey(app, 'acme', published)
    expect(secret).toMatch(/^lk_pk_live_/)
    expect((await use(secret, '/contacts')).statusCode).toBe(200)
    expect((await use(secret, '/either')).statusCode).toBe(200)
    expectProblem(await use(secret, '/contacts', 'GET', 'https://evil.example'), 'origin_not_allowed')
    expectProblem(await use(secret, '/contacts', 'POST'), 'insufficient_scope')
    expect(expectProblem(await use(secret, '/any'), 'secret_key_required').detail).toMatch(/publishable/)
    for (const url of [KEYS, `${KEYS}/scopes`]) expect((await use(secret, url)).statusCode).toBe(401)
    expect((await use(secret, KEYS, 'POST')).statusCode).toBe(401)
  })

  it('get no tokens, not even for what they may do on their pages', async () => {
    const { secret } = await createKey(app, 'acme', published)
    const ask = (payload: object, key = secret) =>
      app.inject({
        method: 'POST',
        url: `${KEYS}/token`,
        headers: { ...bearer(key), origin: page },
        payload,
      })
    for (const payload of [{}, { scopes: ['contacts:read'] }, { scopes: [] }]) {
      expectProblem(await ask(payload), 'secret_key_required')
    }
    const open = await createKey(app, 'acme', { scopes: ['contacts:read'] })
    expect((await ask({}, open.secret)).statusCode).toBe(200)
  })

  it.each([
    [{ ...published, scopes: ['contacts:write'] }, 'scopes'],
    [{ ...published, scopes: ['contacts:*'] }, 'scopes'],
    [{ ...published, allowedOrigins: [] }, 'allowedOrigins'],
    [{ ...published, allowedOrigins: undefined }, 'allowedOrigins'],
    [{ ...published, blockBrowsers: true }, 'blockBrowsers'],
    [{ ...published, kind: 'public' }, 'kind'],
  ])('are refused as %j', async (fields, field) => {
    const reply = await callAs(app, 'acme', { method: 'POST', url: KEYS, payload: { name: 'k', ...fields } })
    expect(expectProblem(reply, 'invalid_request').errors?.map((error) => error.field)).toEqual([field])
  })

  it('stay what they are when they are changed', async () => {
    const { id } = await createKey(app, 'acme', published)
    const change = (payload: object) =>
      callAs(app, 'acme', { method: 'PATCH', url: `${KEYS}/${id}`, payload })
    for (const [fields, field] of [
      [{ kind: 'secret' }, 'kind'],
      [{ scopes: ['contacts:write'] }, 'scopes'],
      [{ allowedOrigins: [] }, 'allowedOrigins'],
    ] as const) {
      expect(expectProblem(await change(fields), 'invalid_request').errors).toMatchObject([{ field }])
    }
    expect((await change({ allowedOrigins: ['https://other.example.com'] })).statusCode).toBe(200)
  })

  it('are what the list of scopes says that they can be', async () => {
    const list = (await callAs(app, 'acme', { url: `${KEYS}/scopes` })).json<ScopeList>()
    expect(list.publishableKeyPrefix).toBe('lk_pk')
    expect(list.data.filter((scope) => scope.public).map(({ name }) => name)).toEqual(['contacts:read'])
    expect(list.data).toContainEqual(
      expect.objectContaining({ name: 'contacts:read', description: 'Read contacts' }),
    )
  })
})

describe('pages of another origin', () => {
  const database = useEmbeddedDatabase()
  const preflight = {
    method: 'OPTIONS',
    url: '/contacts',
    headers: {
      origin: page,
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'authorization',
    },
  } as const

  it.each(['before', 'after'])(
    'get their preflights answered by @fastify/cors, which was registered %s, and can read every answer',
    async (when) => {
      const app = Fastify({ pluginTimeout: 60_000 })
      onTestFinished(() => app.close())
      const allow = () => app.register(cors, { origin: true, exposedHeaders: ['ratelimit', 'retry-after'] })
      if (when === 'before') await allow()
      await registerLatchkey(app, database(), { scopes, namespace: `cors-${when}` })
      if (when === 'after') await allow()
      const config = { apiKey: { scopes: ['contacts:read'], namespace: `cors-${when}` } }
      app.get('/contacts', { config }, async () => 'served')
      app.route({ method: ['GET', 'OPTIONS'], url: '/both', config, handler: async () => 'served' })
      await app.ready()
      const { secret } = await createKey(app, 'acme', published)

      for (const url of ['/contacts', '/both']) {
        const answer = await app.inject({ ...preflight, url })
        expect(answer.statusCode).toBe(204)
        expect(answer.headers).toMatchObject({
          'access-control-allow-origin': page,
          'access-control-allow-headers': 'authorization',
        })
        const read = (origin: string, headers: object = bearer(secret)) =>
          app.inject({ url, headers: { origin, ...headers } })
        const served = await read(page)
        expect([served.statusCode, served.body]).toEqual([200, 'served'])
        expect(served.headers['access-control-allow-origin']).toBe(page)
        // A page that cannot read why it was refused cannot tell anybody.
        for (const [reply, code, origin] of [
          [await read('https://evil.example'), 'origin_not_allowed', 'https://evil.example'],
          [await read(page, {}), 'unauthenticated', page],
        ] as const) {
          expectProblem(reply, code)
          expect(reply.headers['access-control-allow-origin']).toBe(origin)
        }
      }
    },
  )

  it('are refused without a key where nobody allows them, as anybody is', async () => {
    const app = Fastify({ pluginTimeout: 60_000 })
    onTestFinished(() => app.close())
    await registerLatchkey(app, database(), { scopes, namespace: 'closed' })
    const config = { apiKey: { scopes: ['contacts:read'], namespace: 'closed' } }
    app.get('/contacts', { config }, async () => 'served')
    expect((await app.inject(preflight)).statusCode).toBe(404)
  })
})
