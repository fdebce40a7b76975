import { randomUUID } from 'node:crypto'
import Fastify, { type InjectOptions, type LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiKeyList, CreatedApiKey, ProblemCode } from '../src/index.ts'
import { bearer, captureLog, createKey, KEYS, registerLatchkey, signedIn } from './support/app.ts'
import { useEmbeddedDatabase } from './support/databases.ts'
import { hostKinds, type Host } from './support/hosts.ts'
import { expectProblem } from './support/problem.ts'

const database = useEmbeddedDatabase()

describe.each(hostKinds)('in $name', ({ start }) => {
  let host: Host
  beforeAll(async () => {
    host = await start(database())
  })
  afterAll(() => host.app.close())

  const owner = `owner_${randomUUID()}`
  const asPerson = (request: InjectOptions, who = owner) =>
    host.app.inject({ ...request, headers: { ...signedIn(who), ...request.headers } })
  const create = (payload: object | string, headers: Record<string, string> = {}) =>
    asPerson({ method: 'POST', url: host.keys, payload, headers })
  const list = async (who = owner) => (await asPerson({ url: host.keys }, who)).json<ApiKeyList>().data

  it('makes a key that opens the protected route until it is deleted', async () => {
    const made = await create({ name: 'Integration with CRM', scopes: ['contacts:read'] })
    expect(made.statusCode).toBe(201)
    const { apiKey, secret } = made.json<CreatedApiKey>()
    expect(made.headers.location).toBe(`${host.keys}/${apiKey.id}`)

    const contacts = (headers: Record<string, string>) =>
      host.app.inject({ url: `${host.base}/contacts`, headers })
    expect((await contacts(bearer(secret))).statusCode).toBe(200)
    expect((await contacts({ 'x-api-key': secret })).body).toContain(owner)
    expect((await list()).map(({ id }) => id)).toContain(apiKey.id)

    expect((await asPerson({ method: 'DELETE', url: `${host.keys}/${apiKey.id}` })).statusCode).toBe(200)
    const refused = await contacts(bearer(secret))
    expect(refused.statusCode).toBe(401)
    expect(refused.headers['www-authenticate']).toBe('Bearer realm="default", error="invalid_token"')
  })

  it.each<[string, ProblemCode, object]>([
    ['an unknown field', 'invalid_request', { name: 'x', owner: 'me' }],
    ['a number for text', 'invalid_request', { name: 7 }],
    ['null for text', 'invalid_request', { name: null }],
    ['text for a list', 'invalid_request', { name: 'x', scopes: 'contacts:read' }],
    ['a number in a list of text', 'invalid_request', { name: 'x', scopes: [1] }],
    ['an empty text for a date', 'invalid_request', { name: 'x', expiresAt: '' }],
    ['a list for an object', 'invalid_request', { name: 'x', metadata: [] }],
    ['nothing', 'invalid_request', {}],
    ['a list', 'invalid_request', [{ name: 'x' }]],
  ])('takes a body at its word and refuses %s', async (_, code, payload) => {
    const who = `owner_${randomUUID()}`
    const reply = await asPerson({ method: 'POST', url: host.keys, payload }, who)
    expect(expectProblem(reply, code).errors).not.toHaveLength(0)
    expect(await list(who)).toEqual([])
  })

  it('does not read a boolean from text', async () => {
    const { apiKey } = (await create({ name: 'x' })).json<CreatedApiKey>()
    const url = `${host.keys}/${apiKey.id}`
    for (const enabled of ['false', 0, null, '']) {
      expectProblem(await asPerson({ method: 'PATCH', url, payload: { enabled } }), 'invalid_request')
    }
    expect((await asPerson({ url })).json()).toMatchObject({ status: 'active' })
  })

  it('reads numbers and lists from a query string', async () => {
    const reply = await asPerson({ url: `${host.keys}?limit=1&status=active&sort=name` })
    expect(reply.statusCode).toBe(200)
    expect(reply.json<ApiKeyList>().data.length).toBeLessThanOrEqual(1)
    expectProblem(await asPerson({ url: `${host.keys}?limit=many` }), 'invalid_request')
  })

  it('reads no body but JSON', async () => {
    const json = { 'content-type': 'application/json' }
    expectProblem(await create('{name:"x"}', json), 'invalid_json')
    expectProblem(await create('{"name":"x","__proto__":{}}', json), 'invalid_json')
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'text/html']) {
      expectProblem(await create('name', { 'content-type': type }), 'unsupported_media_type')
    }
    expectProblem(await create({ name: 'x'.repeat(20_000) }), 'payload_too_large')
  })

  it('answers for its own addresses in its own way', async () => {
    expectProblem(await host.app.inject({ url: host.keys }), 'unauthenticated')
    expectProblem(await asPerson({ url: `${host.keys}/nothing` }), 'not_found')
    expectProblem(await asPerson({ url: `${host.keys}/nothing/at/all` }), 'not_found')
    const wrongMethod = await asPerson({ method: 'PUT', url: host.keys, payload: {} })
    expectProblem(wrongMethod, 'method_not_allowed')
    expect(wrongMethod.headers.allow).toBe('GET, HEAD, POST')
  })

  it('shows the fields that are documented and no more', async () => {
    const { apiKey } = (await create({ name: 'x', metadata: { any: ['thing', 1] } })).json<CreatedApiKey>()
    expect(Object.keys(apiKey)).toHaveLength(29)
    expect(apiKey.metadata).toEqual({ any: ['thing', 1] })
  })

  it('keeps the handler from running and says why in status and header, whoever renders the body', async () => {
    const { secret } = (await create({ name: 'x' })).json<CreatedApiKey>()
    const contacts = (headers: Record<string, string> = {}) =>
      host.app.inject({ url: `${host.base}/contacts`, headers })
    const status = (reply: LightMyRequestResponse) => [reply.statusCode, reply.headers['www-authenticate']]
    expect(status(await contacts())).toEqual([401, 'Bearer realm="default"'])
    expect(status(await contacts(bearer('x')))).toEqual([
      401,
      'Bearer realm="default", error="invalid_token"',
    ])
    expect(status(await contacts(bearer(secret)))).toEqual([
      403,
      'Bearer realm="default", error="insufficient_scope", scope="contacts:read"',
    ])
    expect(host.log.text()).not.toContain(secret.slice(12))
  })

  it('leaves its OpenAPI document, if it has one, in one piece', () => {
    const { swagger } = host.app as { swagger?: () => object }
    expect(() => swagger?.call(host.app)).not.toThrow()
  })
})

describe('two key spaces in one app', () => {
  it('know nothing of each other', async () => {
    const log = captureLog()
    const app = Fastify({ pluginTimeout: 60_000, logger: log.logger })
    const partners = '/v1/partner-keys'
    await registerLatchkey(app, database(), {
      namespace: 'partners',
      routePrefix: partners,
      keyPrefix: 'pk',
      scopes: { 'orders:read': 'Read orders' },
    })
    await registerLatchkey(app, database())
    app.get('/mine', { config: { apiKey: { scopes: ['contacts:read'] } } }, async () => 'mine')
    const requirement = { namespace: 'partners', scopes: ['orders:read'] }
    app.get('/theirs', { config: { apiKey: requirement } }, async () => 'theirs')

    const own = await createKey(app, 'acme', { scopes: ['contacts:read'] })
    const partner = await createKey(app, 'acme', { scopes: ['orders:read'] }, partners)
    expect(partner.secret).toMatch(/^pk_live_/)

    const call = (url: string, secret: string) => app.inject({ url, headers: bearer(secret) })
    expect((await call('/mine', own.secret)).body).toBe('mine')
    expect((await call('/theirs', partner.secret)).body).toBe('theirs')
    const wrong = await call('/theirs', own.secret)
    expectProblem(wrong, 'invalid_key')
    expect(wrong.headers['www-authenticate']).toContain('realm="partners"')
    expectProblem(await call('/mine', partner.secret), 'invalid_key')

    const read = (url: string) => app.inject({ url, headers: signedIn('acme') })
    expectProblem(await read(`${partners}/${own.id}`), 'not_found')
    expectProblem(await read(`${KEYS}/${partner.id}`), 'not_found')
    expect(app.latchkey.namespace).toBe('default')
    expect([...app.latchkeys.keys()]).toEqual(['partners', 'default'])
    await app.close()
  })

  it('need no default among them, and then say so', async () => {
    const app = Fastify({ pluginTimeout: 60_000 })
    await registerLatchkey(app, database(), { namespace: 'partners' })
    expect(() => app.get('/x', { config: { apiKey: true } }, async () => 'x')).toThrow(
      /no Latchkey is registered for the namespace "default" \(there is "partners"\)/,
    )
    expect(app.latchkey).toBeUndefined()
    await app.close()
  })
})

describe('a host that renders errors itself', () => {
  it('is handed what it needs, and nothing that it must not tell', async () => {
    const app = Fastify({ pluginTimeout: 60_000 })
    app.setErrorHandler((error: Error & { code?: string; statusCode?: number }, _request, reply) =>
      reply.code(error.statusCode ?? 500).send({ error: error.code, message: error.message }),
    )
    await registerLatchkey(app, database())
    app.get('/mine', { config: { apiKey: true } }, async () => 'mine')
    const reply = await app.inject({ url: '/mine', headers: bearer('x') })
    expect(reply.statusCode).toBe(401)
    expect(reply.json()).toEqual({ error: 'invalid_key', message: 'The API key is not valid.' })
    expect(reply.headers['www-authenticate']).toBe('Bearer realm="default", error="invalid_token"')
    expect(reply.headers['cache-control']).toBe('no-store')
    await app.close()
  })

  it('may do so for one route, whose handler then is asked', async () => {
    const app = Fastify({ pluginTimeout: 60_000 })
    await registerLatchkey(app, database())
    app.get(
      '/mine',
      {
        config: { apiKey: true },
        errorHandler: (_error, _request, reply) => void reply.send({ mine: true }),
      },
      async () => 'mine',
    )
    const reply = await app.inject({ url: '/mine' })
    expect(reply.statusCode).toBe(401)
    expect(reply.json()).toEqual({ mine: true })
    await app.close()
  })

  it('never sees an error of the key routes, which are not its affair', async () => {
    const app = Fastify({ pluginTimeout: 60_000 })
    let seen = 0
    app.setErrorHandler((_error, _request, reply) => {
      seen += 1
      return reply.send({})
    })
    await registerLatchkey(app, database())
    expectProblem(await app.inject({ url: KEYS }), 'unauthenticated')
    expect(seen).toBe(0)
    await app.close()
  })
})

describe("what the host's authorize does", () => {
  const call = async (authorize: () => unknown) => {
    const log = captureLog()
    const app = Fastify({ pluginTimeout: 60_000, logger: log.logger })
    await registerLatchkey(app, database(), { authorize: authorize as never })
    const reply = await app.inject({ url: KEYS })
    await app.close()
    return { reply, log }
  }

  it('null is 401, with a challenge', async () => {
    const { reply } = await call(() => null)
    expectProblem(reply, 'unauthenticated')
    expect(reply.headers['www-authenticate']).toBe('Session realm="default"')
  })

  it("an error with a 4xx status is the host's word to the caller", async () => {
    const error = Object.assign(new Error('Your trial has ended.'), { statusCode: 402, code: 'trial_ended' })
    const { reply } = await call(() => Promise.reject(error))
    expect(reply.statusCode).toBe(402)
    expect(reply.json()).toMatchObject({
      type: 'about:blank',
      code: 'trial_ended',
      detail: 'Your trial has ended.',
    })
  })

  it("a 401 of the host's own gets a challenge, unless it brings one", async () => {
    const error = Object.assign(new Error('Expired.'), { statusCode: 401 })
    expect((await call(() => Promise.reject(error))).reply.headers['www-authenticate']).toBe(
      'Session realm="default"',
    )
    const headers = { 'www-authenticate': 'Basic realm="x"' }
    const better = Object.assign(new Error('Expired.'), { statusCode: 401, headers })
    expect((await call(() => Promise.reject(better))).reply.headers['www-authenticate']).toBe(
      'Basic realm="x"',
    )
  })

  it.each<[string, () => unknown]>([
    ['any other error', () => Promise.reject(new Error('SELECT password hunter2'))],
    [
      'an error that is none',
      () => {
        throw 'hunter2' as unknown
      },
    ],
    ['a principal without an owner', () => ({ actor: { id: 'u', name: null }, role: 'admin' })],
    ['an empty owner', () => ({ owner: '', actor: { id: 'u', name: null }, role: 'admin' })],
    ['an owner that is no text', () => ({ owner: 7, actor: { id: 'u', name: null }, role: 'admin' })],
    ['an actor without an id', () => ({ owner: 'o', actor: { name: 'x' }, role: 'admin' })],
    ['no actor', () => ({ owner: 'o', role: 'admin' })],
    ['an unknown role', () => ({ owner: 'o', actor: { id: 'u', name: null }, role: 'root' })],
    ['undefined', () => undefined],
    ['true', () => true],
  ])('%s is 503: nobody is let in by mistake', async (_, authorize) => {
    const { reply } = await call(authorize)
    expectProblem(reply, 'unavailable')
    expect(reply.body).not.toContain('hunter2')
  })
})
