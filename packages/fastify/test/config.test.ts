import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { latchkey } from '../src/index.ts'
import { authorize, bearer, createKey, captureLog, registerLatchkey } from './support/app.ts'
import { useEmbeddedDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'

const database = useEmbeddedDatabase()
let app: FastifyInstance
let log: ReturnType<typeof captureLog>
beforeEach(() => {
  log = captureLog()
  app = Fastify({ pluginTimeout: 60_000, logger: log.logger })
})
afterEach(() => app.close())

describe('a wrong option stops the start with a sentence that says what to do', () => {
  const wrong: [string, object, RegExp][] = [
    ['no authorize', { authorize: undefined }, /pass `authorize`, a function that returns/],
    ['a misspelt option', { scope: {} }, /there is no option `scope`\. There are: authorize, .*scopes/],
    ['prefix', { prefix: '/keys' }, /`prefix` has no effect .* use `routePrefix`/],
    ['a routePrefix without a slash', { routePrefix: 'keys' }, /`routePrefix` must begin with "\/"/],
    ['a routePrefix with a slash behind', { routePrefix: '/keys/' }, /and not end with it/],
    ['an unknown environment', { environment: 'prod' }, /`environment` must be "live" or "test"/],
    ['an unknown rejections', { rejections: 'none' }, /`rejections` must be "reasons" or "uniform"/],
    ['no keys at all', { maxKeysPerOwner: 0 }, /`maxKeysPerOwner` must be a whole number of at least 1/],
    ['a namespace for no header', { namespace: 'a"b' }, /namespace must be/],
    ['a keyPrefix that no secret has', { keyPrefix: 'LK-' }, /keyPrefix must be/],
    ['a set of unknown scopes', { scopeSets: { '@x': { description: '', scopes: ['y'] } } }, /names "y"/],
    ['a policy that ends no key', { expiryPolicy: { allowNever: false } }, /expiryPolicy.allowNever must be/],
    ['a scope for no header', { scopes: { 'a b': '' } }, /scope "a b" must be/],
  ]
  it.each(wrong)('%s', async (_, options, sentence) => {
    await expect(registerLatchkey(app, database(), options)).rejects.toThrow(sentence)
  })

  it('names its errors by a code', async () => {
    const registered = registerLatchkey(app, database(), { routePrefix: 'keys' })
    await expect(registered).rejects.toMatchObject({ code: 'FST_LATCHKEY_OPTION' })
  })
})

describe('two registrations', () => {
  it('refuses the same namespace twice', async () => {
    await registerLatchkey(app, database())
    const again = registerLatchkey(app, database(), { routePrefix: '/v2/api-keys' })
    await expect(again).rejects.toMatchObject({
      code: 'FST_LATCHKEY_NAMESPACE_TAKEN',
      message: expect.stringMatching(/its own `namespace` and `routePrefix`/) as string,
    })
  })

  it('refuses to share request.apiKey with another plugin', async () => {
    app.decorateRequest('apiKey', null)
    await expect(registerLatchkey(app, database())).rejects.toMatchObject({
      code: 'FST_LATCHKEY_DECORATOR_TAKEN',
    })
  })
})

describe('a route that cannot be protected as it is written', () => {
  const wrong: [string, unknown, RegExp][] = [
    [
      'an unknown scope',
      { scopes: ['contacts:destroy'] },
      /the scope "contacts:destroy" is not among .*contacts:read/,
    ],
    ['a scope of Object.prototype', { scopes: ['toString'] }, /the scope "toString" is not among/],
    ['scopes that are no list', { scopes: 'contacts:read' }, /`config.apiKey.scopes` must be a list/],
    ['alternatives that are no list', { anyScope: 'x' }, /`config.apiKey.anyScope` must be a list/],
    ['no alternative at all', { anyScope: [] }, /`config.apiKey.anyScope` must name at least one scope/],
    ['an alternative that is none', { anyScope: ['x:y'] }, /the scope "x:y" is not among/],
    ['all of a resource', { scopes: ['contacts:*'] }, /the scope "contacts:\*" is not among/],
    ['a misspelt field', { scope: ['contacts:read'] }, /`config.apiKey.scope` is not known/],
    [
      'an unknown namespace',
      { namespace: 'partners' },
      /no Latchkey is registered for the namespace "partners" \(there is "default"\)/,
    ],
    [
      'false',
      false,
      /must be true or \{ scopes, anyScope, namespace, cost \}; leave it out to open the route/,
    ],
    ['null', null, /must be true or/],
    ['a cost below 0', { cost: -1 }, /`config.apiKey.cost` must be a whole number from 0 to 1000000/],
    ['a cost above every limit', { cost: 1_000_001 }, /`config.apiKey.cost` must be a whole number/],
    ['a cost that is no whole number', { cost: 1.5 }, /`config.apiKey.cost` must be a whole number/],
    ['a cost that is text', { cost: '1' }, /`config.apiKey.cost` must be a whole number/],
    ['a cost of null', { cost: null }, /`config.apiKey.cost` must be a whole number/],
    ['text', 'contacts:read', /must be true or/],
    ['a list', ['contacts:read'], /must be true or/],
  ]
  it.each(wrong)('stops the start: %s', async (_, apiKey, sentence) => {
    await registerLatchkey(app, database())
    const declare = () => app.get('/x', { config: { apiKey: apiKey as true } }, async () => 'open')
    expect(declare).toThrow(sentence)
    expect(declare).toThrow(/The route GET \/x cannot be protected by Latchkey/)
  })

  it('is open when config.apiKey is undefined: there is nothing to protect', async () => {
    await registerLatchkey(app, database())
    app.get('/x', { config: { apiKey: undefined as never } }, async () => 'open')
    expect((await app.inject('/x')).statusCode).toBe(200)
  })
})

describe('a route that was declared before the plugin', () => {
  const declare = (path: string) => app.get(path, { config: { apiKey: true } }, async () => 'open')

  it('answers 503 rather than be open, and the log says what to do', async () => {
    declare('/early')
    await registerLatchkey(app, database())
    declare('/late')
    expectProblem(await app.inject('/early'), 'unavailable')
    expect(log.text()).toMatch(/await app\.register\(latchkey, \.\.\.\)` above your routes/)
    expectProblem(await app.inject('/late'), 'unauthenticated')
  })

  it('also when the registration was not awaited', async () => {
    const options = { database: database(), authorize }
    app.register(latchkey, options)
    declare('/early')
    expectProblem(await app.inject('/early'), 'unavailable')
  })

  it('also when it is in a scope of its own', async () => {
    await app.register(async (scope) => {
      scope.get('/early', { config: { apiKey: true } }, async () => 'open')
    })
    await registerLatchkey(app, database())
    expectProblem(await app.inject('/early'), 'unavailable')
  })

  it('leaves earlier routes that ask for no key as they are', async () => {
    app.get('/open', async () => 'open')
    await registerLatchkey(app, database())
    expect((await app.inject('/open')).body).toBe('open')
  })
})

describe('where protection reaches', () => {
  it('guards routes of scopes within, and of plugins with a prefix', async () => {
    await registerLatchkey(app, database())
    await app.register(
      async (scope) => {
        scope.get('/', { config: { apiKey: true } }, async (request) => request.apiKey?.owner)
      },
      { prefix: '/inner' },
    )
    const { secret } = await createKey(app, 'acme')
    for (const url of ['/inner', '/inner/']) {
      expectProblem(await app.inject(url), 'unauthenticated')
      expect((await app.inject({ url, headers: bearer(secret) })).body).toBe('acme')
    }
  })

  it("runs before the route's own onRequest hooks, and keeps them", async () => {
    await registerLatchkey(app, database())
    const seen: unknown[] = []
    const onRequest = async (request: { apiKey: { owner: string } | null }) =>
      void seen.push(request.apiKey?.owner)
    app.get('/x', { config: { apiKey: true }, onRequest: [onRequest] }, async () => 'ok')
    await app.inject('/x')
    expect(seen).toEqual([])
    await app.inject({ url: '/x', headers: bearer((await createKey(app, 'acme')).secret) })
    expect(seen).toEqual(['acme'])
  })

  it('says what is wrong with a database that does not open, but not its password', async () => {
    const nobody = 'postgres://nobody:hunter2@127.0.0.1:1/nothing'
    const refusal = await registerLatchkey(app, nobody).catch((error: Error) => error)
    expect(refusal).toMatchObject({ name: 'StoreUnavailable' })
    expect((refusal as Error).message).not.toContain('hunter2')
  })

  it('closes what it opened with the app', async () => {
    await registerLatchkey(app, 'memory:')
    const { latchkey: engine } = app
    await app.close()
    await expect(engine.ready()).rejects.toThrow()
  })
})
