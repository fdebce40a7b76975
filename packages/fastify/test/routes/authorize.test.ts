import { request as httpRequest } from 'node:http'
import { generateSecret, MAX_WRONG_SECRETS_PER_MINUTE } from '@latchkey/engine'
import Fastify, { type FastifyInstance, type FastifyServerOptions, type InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  addProtectedRoutes,
  bearer,
  callAs,
  createApp,
  createKey,
  createServiceKey,
  KEYS,
  registerLatchkey,
} from '../support/app.ts'
import { useEmbeddedDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'
import { listen } from '../support/raw-http.ts'

const AUTHORIZE = `${KEYS}/authorize`
const madeUp = () => generateSecret({ prefix: 'lk', environment: 'live' })
const REQUIRE = 'x-latchkey-require'

describe('/v1/api-keys/authorize', () => {
  const database = useEmbeddedDatabase()
  let app: FastifyInstance
  let log: Awaited<ReturnType<typeof createApp>>['log']
  let service: string
  let reader: { id: string; secret: string }
  beforeAll(async () => {
    ;({ app, log } = await createApp(database(), {}, { trustProxy: true }))
    service = await createServiceKey(app)
    reader = await createKey(app, 'acme', { scopes: ['contacts:read'] })
  })
  afterAll(() => app.close())

  /** What a proxy with its key asks about a request with these headers. */
  const ask = (query: string, headers: Record<string, string>, request: InjectOptions = {}) =>
    app.inject({ url: AUTHORIZE + query, ...request, headers: { 'x-latchkey-key': service, ...headers } })

  describe('200', () => {
    it('says whose key it is in headers, and nothing in a body', async () => {
      const reply = await ask('?scope=contacts:read', bearer(reader.secret))
      expect(reply.statusCode).toBe(200)
      expect(reply.body).toBe('')
      expect(reply.headers).toMatchObject({
        'x-latchkey-key-id': reader.id,
        'x-latchkey-owner': 'acme',
        'x-latchkey-scopes': 'contacts:read',
        'x-latchkey-environment': 'live',
        'cache-control': 'no-store',
      })
      expect(reply.headers).not.toHaveProperty('x-latchkey-code')
    })

    it('writes every owner in a way that a header takes', async () => {
      for (const owner of ['Łódź 🗝️', 'a\r\nSet-Cookie: x=1', 'a, b; c="d"', 'x%20y', ' ']) {
        const { secret } = await createKey(app, owner)
        const header = String((await ask('', bearer(secret))).headers['x-latchkey-owner'])
        expect(header).toMatch(/^[\w.!~*'()%-]+$/)
        expect(decodeURIComponent(header)).toBe(owner)
      }
    })

    it('takes any method, with any body, unread', async () => {
      const port = await listen(app)
      for (const method of app.supportedMethods) {
        // A length is announced and nothing sent, as by a proxy that keeps the body to itself.
        const status = await new Promise((resolve, reject) => {
          const headers = {
            ...bearer(reader.secret),
            'x-latchkey-key': service,
            'content-type': 'text/plain',
            'content-length': '10',
          }
          const call = httpRequest({ port, path: AUTHORIZE, method, headers }, (reply) => {
            resolve(reply.statusCode)
            call.destroy()
          })
          call.on('error', reject)
          call.flushHeaders()
        })
        expect(status, method).toBe(200)
      }
    })

    it('tells how limits stand when the caller should know', async () => {
      const { secret } = await createKey(app, 'acme', {
        rateLimits: [{ name: 'burst', limit: 5, windowSeconds: 60 }],
      })
      expect((await ask('?cost=2', bearer(secret))).headers['ratelimit']).toMatch(/^"burst";r=3;/)
      expect((await ask('?cost=0', bearer(secret))).headers['ratelimit']).toMatch(/^"burst";r=3;/)
    })
  })

  describe('a refusal', () => {
    it('is that of a protected route, with its code in a header', async () => {
      const cases = [
        [{}, '', 'unauthenticated', 'Bearer realm="default"'],
        [bearer(madeUp()), '', 'invalid_key', 'Bearer realm="default", error="invalid_token"'],
        [bearer('nonsense'), '', 'invalid_key', 'Bearer realm="default", error="invalid_token"'],
        [
          bearer(reader.secret),
          '?scope=contacts:read&scope=contacts:write',
          'insufficient_scope',
          'Bearer realm="default", error="insufficient_scope", scope="contacts:read contacts:write"',
        ],
        [
          bearer(reader.secret),
          '?scope=contacts:read%20contacts:write',
          'insufficient_scope',
          'Bearer realm="default", error="insufficient_scope", scope="contacts:read contacts:write"',
        ],
        [
          bearer(reader.secret),
          '?environment=test',
          'wrong_environment',
          'Bearer realm="default", error="invalid_token"',
        ],
        [
          { ...bearer(reader.secret), 'x-api-key': reader.secret },
          '',
          'multiple_credentials',
          'Bearer realm="default", error="invalid_request"',
        ],
      ] as const
      for (const [headers, query, code, challenge] of cases) {
        const reply = await ask(query, headers)
        expectProblem(reply, code)
        expect(reply.headers['www-authenticate']).toBe(challenge)
        expect(reply.headers['x-latchkey-code']).toBe(code)
        expect(reply.headers).not.toHaveProperty('x-latchkey-owner')
      }
    })

    it('of a limit is 429, and for nginx 403, with Retry-After', async () => {
      const { secret } = await createKey(app, 'acme', {
        rateLimits: [{ name: 'burst', limit: 1, windowSeconds: 60 }],
      })
      await ask('', bearer(secret))
      const plain = await ask('', bearer(secret))
      expectProblem(plain, 'rate_limited')
      const nginx = await ask('?proxy=nginx', bearer(secret))
      expect(nginx.statusCode).toBe(403)
      expect(nginx.json()).toMatchObject({ status: 403, code: 'rate_limited' })
      for (const { headers } of [plain, nginx]) {
        expect(headers['x-latchkey-code']).toBe('rate_limited')
        expect(Number(headers['retry-after'])).toBeGreaterThan(0)
      }
    })

    it('of a quota is 429, and for nginx 403', async () => {
      const { secret } = await createKey(app, 'acme', { quota: { limit: 1, period: 'day', timeZone: 'UTC' } })
      expect((await ask('', bearer(secret))).statusCode).toBe(200)
      expectProblem(await ask('', bearer(secret)), 'quota_exceeded')
      const nginx = await ask('?proxy=nginx', bearer(secret))
      expect(nginx.statusCode).toBe(403)
      expect(nginx.headers['x-latchkey-code']).toBe('quota_exceeded')
    })

    it('of one of several scopes comes only to who has none of them', async () => {
      const either = '?anyScope=contacts:write&anyScope=contacts:read'
      expect((await ask(either, bearer(reader.secret))).statusCode).toBe(200)
      const refused = await ask('?anyScope=contacts:write', bearer(reader.secret))
      expectProblem(refused, 'insufficient_scope')
      expect(refused.headers['www-authenticate']).toContain('scope="contacts:write"')
    })

    it('of two credentials is 401 for nginx', async () => {
      const reply = await ask('?proxy=nginx', { ...bearer(reader.secret), 'x-api-key': reader.secret })
      expect(reply.statusCode).toBe(401)
      expect(reply.headers['www-authenticate']).toContain('invalid_request')
      expect(reply.headers['x-latchkey-code']).toBe('multiple_credentials')
    })
  })

  describe('the proxy', () => {
    it('is asked for a key of its own, and for the scope', async () => {
      expectProblem(await app.inject({ url: AUTHORIZE, headers: bearer(reader.secret) }), 'unauthenticated')
      const root = await createKey(app, 'acme', { scopes: ['keys:read', 'keys:write', 'contacts:read'] })
      const { id, secret: revoked } = await createKey(app, 'acme')
      await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}` })
      for (const key of [
        madeUp(),
        'nonsense',
        '',
        reader.secret,
        root.secret,
        revoked,
        `${service}, ${service}`,
      ]) {
        const reply = await ask('', { ...bearer(reader.secret), 'x-latchkey-key': key })
        // Not 401, from which a client would learn that its own key is wrong.
        expectProblem(reply, 'unavailable')
        expect(reply.headers).not.toHaveProperty('x-latchkey-owner')
      }
      const refused = log.entries().filter(({ msg }) => msg === "A proxy's own API key was refused")
      // One line a second, however many requests come.
      expect(refused).toMatchObject([{ level: 50, reason: 'unknown' }])
    })

    it('cannot lend its key to the client', async () => {
      expectProblem(await ask('', {}), 'unauthenticated')
      expectProblem(await ask('', { authorization: service }), 'unauthenticated')
    })

    it('is told what is wrong with its question, rather than something else be asked', async () => {
      for (const query of [
        '?scopes=contacts:read',
        '?scope=',
        '?anyScope=',
        '?anyScope=contacts:raed',
        '?scope',
        '?scope=contacts:read&scope=',
        '?scope=contacts:raed',
        '?scope=contacts:read,contacts:write',
        '?scope=keys:write',
        '?environment=prod',
        '?environment=live&environment=test',
        '?cost=',
        '?cost=1.5',
        '?cost=-1',
        '?cost=1e3',
        '?cost=1000001',
        '?cost=1&cost=0',
        '?proxy=apache',
        '?toString=1',
      ]) {
        expectProblem(await ask(query, bearer(reader.secret)), 'invalid_request')
      }
    })

    it('is never throttled for its clients: they are, where the host trusts what proxies say', async () => {
      const from = (ip: string) => ask('', { ...bearer('nonsense'), 'x-forwarded-for': ip })
      // The more time this takes, the more of them are forgiven meanwhile.
      let guesses = 0
      let tooMany = await from('198.51.100.7')
      for (; tooMany.statusCode === 401; tooMany = await from('198.51.100.7')) guesses++
      expect(guesses).toBeGreaterThanOrEqual(MAX_WRONG_SECRETS_PER_MINUTE)
      expectProblem(tooMany, 'too_many_attempts')
      expect(tooMany.headers['x-latchkey-code']).toBe('too_many_attempts')
      expectProblem(await from('198.51.100.8'), 'invalid_key')

      const { app: distrustful } = await createApp(database())
      for (let i = 0; i < MAX_WRONG_SECRETS_PER_MINUTE + 3; i++) {
        const headers = {
          ...bearer('nonsense'),
          'x-latchkey-key': service,
          'x-forwarded-for': '198.51.100.9',
        }
        expectProblem(await distrustful.inject({ url: AUTHORIZE, headers }), 'invalid_key')
      }
      await distrustful.close()
    })
  })

  describe('a client gains nothing', () => {
    const limits = { rateLimits: [{ name: 'burst', limit: 100, windowSeconds: 60 }] }
    const left = (headers: Record<string, unknown>) =>
      Number(/r=(\d+)/.exec(String(headers['ratelimit']))![1])

    it('by its own path and query, where the proxy adds them', async () => {
      const { secret } = await createKey(app, 'acme', limits)
      for (const path of [
        '/',
        '/?cost=0',
        '/contacts?cost=0&scope=',
        '/scope=x/..',
        '//x',
        '/%2e%2e?proxy=nginx',
        '/authorize?cost=0',
      ]) {
        const required = await ask(path, { ...bearer(secret), [REQUIRE]: 'scope=contacts:read' })
        expectProblem(required, 'insufficient_scope')
      }
      const first = await ask('/?cost=0', bearer(secret))
      const second = await ask('/?cost=0', bearer(secret))
      expect(left(second.headers)).toBe(left(first.headers) - 1)
    })

    it('by the header, where the proxy asks in the query or not at all', async () => {
      const { secret } = await createKey(app, 'acme', limits)
      const query = await ask('?scope=contacts:read', { ...bearer(secret), [REQUIRE]: 'cost=0' })
      expectProblem(query, 'insufficient_scope')
      expectProblem(await ask('/path', { ...bearer(secret), [REQUIRE]: 'cost=0' }), 'invalid_request')
    })

    it('by identity headers of its own: they are no question and no answer', async () => {
      const spoofed = {
        'x-latchkey-owner': 'globex',
        'x-latchkey-scopes': 'contacts:write',
        'x-latchkey-key-id': 'key_x',
      }
      const reply = await ask('?scope=contacts:read', { ...bearer(reader.secret), ...spoofed })
      expect(reply.headers).toMatchObject({
        'x-latchkey-owner': 'acme',
        'x-latchkey-scopes': 'contacts:read',
      })
    })

    it.each<[string, FastifyServerOptions]>([
      ['ignores a slash at the end', { routerOptions: { ignoreTrailingSlash: true } }],
      ['ignores case', { routerOptions: { caseSensitive: false } }],
      ['ignores double slashes', { routerOptions: { ignoreDuplicateSlashes: true } }],
      ['knows semicolons', { useSemicolonDelimiter: true }],
    ])('by another spelling, in a host that %s', async (_, server) => {
      const host = Fastify({ pluginTimeout: 60_000, ...server })
      await registerLatchkey(host, database())
      addProtectedRoutes(host)
      const headers = {
        ...bearer((await createKey(app, 'acme')).secret),
        'x-latchkey-key': service,
        [REQUIRE]: 'scope=contacts:read',
      }
      for (const url of [
        `${AUTHORIZE}/?cost=0`,
        AUTHORIZE.toUpperCase(),
        `/${AUTHORIZE}`,
        `${AUTHORIZE};cost=0`,
        `${AUTHORIZE}//`,
        `${AUTHORIZE}%3Fcost=0`,
      ]) {
        expect([403, 404], url).toContain((await host.inject({ url, headers })).statusCode)
      }
      await host.close()
    })
  })

  describe('as the programs ask that are not here to test', () => {
    it('Traefik: GET to the configured address, with the headers of the client and where it wanted to go', async () => {
      const forwarded = {
        'x-forwarded-method': 'POST',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': 'api.acme.test',
        'x-forwarded-uri': '/contacts?cost=0&scope=',
        'x-forwarded-for': '192.0.2.17',
        'user-agent': 'curl/8',
        'content-type': 'application/json',
        accept: '*/*',
      }
      const allowed = await ask('?scope=contacts:read', { ...forwarded, ...bearer(reader.secret) })
      expect(allowed.statusCode).toBe(200)
      expectProblem(
        await ask('?scope=contacts:write', { ...forwarded, ...bearer(reader.secret) }),
        'insufficient_scope',
      )
      expectProblem(await ask('?scope=contacts:read', forwarded), 'unauthenticated')
    })

    it.each(['GET', 'POST', 'DELETE', 'HEAD', 'OPTIONS'] as const)(
      'Envoy: %s, to the prefix with the path of the client behind, and a length of 0',
      async (method) => {
        const envoy = { host: 'api.acme.test', 'content-length': '0', 'x-envoy-internal': 'true' }
        const url = `${AUTHORIZE}/v1/contacts/42?q=ada&cost=0`
        const call = (require: string, headers: Record<string, string>) =>
          ask('', { ...envoy, [REQUIRE]: require, ...headers }, { method, url })
        expect((await call('scope=contacts:read', bearer(reader.secret))).statusCode).toBe(200)
        expect((await call('scope=contacts:read', { 'x-api-key': reader.secret })).statusCode).toBe(200)
        expect((await call('scope=contacts:write', bearer(reader.secret))).statusCode).toBe(403)
        expect((await call('scope=contacts:read', {})).statusCode).toBe(401)
      },
    )
  })
})
