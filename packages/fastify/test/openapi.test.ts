import swagger from '@fastify/swagger'
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from '@fastify/type-provider-zod'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import Fastify, { type FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { PROBLEMS } from '../src/index.ts'
import { registerLatchkey } from './support/app.ts'
import { useEmbeddedDatabase } from './support/databases.ts'
import { tokenOptions } from './support/token-options.ts'

/** As much of a document as is looked at. */
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, unknown>
    securitySchemes?: Record<string, { type: string; name?: string; description?: string }>
  }
  tags?: { name: string }[]
}
interface Operation {
  operationId?: string
  summary?: string
  description?: string
  tags?: string[]
  security?: Record<string, string[]>[]
  parameters?: { name: string; in: string; description?: string; schema: object }[]
  responses: Record<
    string,
    {
      description: string
      headers?: object
      content?: Record<string, { schema: unknown; examples?: object }>
    }
  >
}

const database = useEmbeddedDatabase()
const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Host',
    version: '1.0.0',
    description: 'A host.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: 'https://api.acme.test' }],
}
const UNAUTHENTICATED_SCHEMES = ['apiKeyBearer', 'apiKeyHeader']

let app: FastifyInstance
beforeEach(() => {
  app = Fastify({ pluginTimeout: 60_000 })
})
afterEach(() => app.close())

const addSwagger = (options: object = {}) => app.register(swagger, { openapi: OPENAPI, ...options })

async function documentOf(): Promise<Document> {
  await app.ready()
  return app.swagger() as unknown as Document
}

/**
 * Everything the linter of the recommended rules has to say, but for the schemes of protected routes being unused
 * in a document that has none.
 */
async function lint(document: Document): Promise<string[]> {
  const config = await createConfig({
    extends: ['recommended'],
    rules: { 'no-unused-components': 'off' },
  })
  const found = await lintFromString({ source: JSON.stringify(document), config })
  return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)
}

const tokens = tokenOptions()

const protect = (scopes: string[] = ['contacts:read']) => ({ config: { apiKey: { scopes } } })

describe('the document of a host with the key routes alone', () => {
  it('passes the linter without a word', async () => {
    await addSwagger()
    await registerLatchkey(app, database(), { tokens })
    expect(await lint(await documentOf())).toEqual([])
  })

  it('has every operation by its stable id', async () => {
    await addSwagger()
    await registerLatchkey(app, database(), { tokens })
    const { paths } = await documentOf()
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${method} ${path}: ${operationId}`),
    )
    expect(operations.sort()).toEqual([
      'delete /v1/api-keys/{id}: deleteApiKey',
      'get /v1/api-keys/authorize: authorizeRequest',
      'get /v1/api-keys/events/export: exportAuditEvents',
      'get /v1/api-keys/events: listAuditEvents',
      'get /v1/api-keys/jwks: getJwks',
      'get /v1/api-keys/policy: getApiKeyPolicy',
      'get /v1/api-keys/scopes: listScopes',
      'get /v1/api-keys/usage/keys: getUsageOfKeys',
      'get /v1/api-keys/usage: getUsage',
      'get /v1/api-keys/{id}/routes: getApiKeyRoutes',
      'get /v1/api-keys/{id}/usage: getApiKeyUsage',
      'get /v1/api-keys/{id}: getApiKey',
      'get /v1/api-keys: listApiKeys',
      'patch /v1/api-keys/{id}/retiring-secret: updateRetiringSecret',
      'patch /v1/api-keys/{id}: updateApiKey',
      'post /v1/api-keys/bulk: changeApiKeys',
      'post /v1/api-keys/self-revoke: selfRevokeApiKey',
      'post /v1/api-keys/token: createToken',
      'post /v1/api-keys/verify/batch: verifyApiKeys',
      'post /v1/api-keys/verify: verifyApiKey',
      'post /v1/api-keys/{id}/restore: restoreApiKey',
      'post /v1/api-keys/{id}/revoke: revokeApiKey',
      'post /v1/api-keys/{id}/rotate: rotateApiKey',
      'post /v1/api-keys: createApiKey',
      'put /v1/api-keys/policy: setApiKeyPolicy',
    ])
  })

  it('explains every operation, parameter and reply, with an example of every problem', async () => {
    await addSwagger()
    await registerLatchkey(app, database(), { tokens })
    const { paths, components } = await documentOf()
    for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
      expect(operation.summary).toMatch(/^[A-Z]/)
      expect(operation.description).toMatch(/\.$/)
      expect(operation.tags).toEqual(['API keys'])
      for (const parameter of operation.parameters ?? []) expect(parameter.description).toMatch(/\.$/)
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response.description).not.toMatch(/Default/)
        if (Number(status) < 400) continue
        const { schema, examples } = response.content!['application/problem+json']!
        expect(schema).toEqual({ $ref: '#/components/schemas/ApiKeyProblem' })
        const entries = Object.entries(examples!) as [keyof typeof PROBLEMS, { value: object }][]
        for (const [code, example] of entries) {
          expect(example.value).toMatchObject({ code, status: PROBLEMS[code].status })
          expect(PROBLEMS[code].status).toBe(Number(status))
        }
      }
    }
    for (const schema of Object.values(components.schemas)) expect(undescribed(schema)).toEqual([])
  })

  it('names the shapes that programs share: limits, quotas and receipts', async () => {
    await addSwagger()
    await registerLatchkey(app, database())
    const { components, paths } = await documentOf()
    const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })
    expect(components.schemas).toMatchObject({
      ApiKey: {
        properties: {
          rateLimits: { items: reference('ApiKeyRateLimit') },
          quota: { anyOf: [{ type: 'null' }, reference('ApiKeyQuota')] },
        },
      },
      DeletedApiKey: {
        properties: { apiKey: reference('ApiKey'), receipt: reference('RevocationReceipt') },
      },
      UpdatedApiKey: {
        properties: {
          apiKey: reference('ApiKey'),
          receipt: { anyOf: [{ type: 'null' }, reference('RevocationReceipt')] },
        },
      },
    })
    const bodyOf = (method: string) =>
      paths['/v1/api-keys/{id}']![method]!.responses['200']!.content!['application/json']!.schema
    expect(bodyOf('delete')).toEqual(reference('DeletedApiKey'))
    expect(bodyOf('patch')).toEqual(reference('UpdatedApiKey'))
  })

  it('says how people sign in, in the words of the host', async () => {
    await addSwagger()
    const session = {
      type: 'apiKey',
      in: 'cookie',
      name: '__Host-session',
      description: 'Sign in at /login.',
    } as const
    const token = { type: 'http', scheme: 'bearer' } as const
    await registerLatchkey(app, database(), { managementSecurity: { session, token } })
    const { paths, components } = await documentOf()
    expect(components.securitySchemes).toMatchObject({ session, token })
    const people = [{ session: [] }, { token: [] }]
    const keys = (scope: string) => [{ apiKeyBearer: [scope] }, { apiKeyHeader: [scope] }]
    expect(paths['/v1/api-keys']!['get']!.security).toEqual([...people, ...keys('keys:read')])
    expect(paths['/v1/api-keys']!['post']!.security).toEqual([...people, ...keys('keys:write')])
    expect(paths['/v1/api-keys/events']!['get']!.security).toEqual([...people, ...keys('audit:read')])
    expect(paths['/v1/api-keys/verify']!['post']!.security).toEqual(keys('latchkey:verify'))
    const anyKey = [{ apiKeyBearer: [] }, { apiKeyHeader: [] }]
    expect(paths['/v1/api-keys/self-revoke']!['post']!.security).toEqual(anyKey)
    const proxyKey = ['latchkey:verify']
    expect(paths['/v1/api-keys/authorize']!['get']!.security).toEqual([
      { proxyKey, apiKeyBearer: [] },
      { proxyKey, apiKeyHeader: [] },
    ])
  })
})

describe('the operation of a protected route', () => {
  it('says of which scopes one is enough', async () => {
    await addSwagger()
    await registerLatchkey(app, database())
    const apiKey = { scopes: ['contacts:read'], anyScope: ['contacts:write', 'contacts:read'] }
    app.get('/either', { config: { apiKey } }, async () => ({ ok: true }))
    const { paths } = await documentOf()
    expect(paths['/either']!['get']!.security).toEqual([
      { apiKeyBearer: ['contacts:read', 'contacts:write'] },
      { apiKeyHeader: ['contacts:read', 'contacts:write'] },
      { apiKeyBearer: ['contacts:read'] },
      { apiKeyHeader: ['contacts:read'] },
    ])
  })

  it('says which key and which scopes it needs, and how it refuses', async () => {
    await addSwagger()
    await registerLatchkey(app, database())
    const response = { 200: Type.Object({ ok: Type.Boolean() }, { description: 'Fine.' }) }
    const schema = { summary: 'Do it', operationId: 'doIt', response }
    app.post('/things', { ...protect(['contacts:read', 'contacts:write']), schema }, async () => ({
      ok: true,
    }))
    app.get('/any', { config: { apiKey: true } }, async () => ({ ok: true }))

    const document = await documentOf()
    const operation = document.paths['/things']!['post']!
    expect(operation).toMatchObject({ operationId: 'doIt', summary: 'Do it' })
    expect(operation.security).toEqual([
      { apiKeyBearer: ['contacts:read', 'contacts:write'] },
      { apiKeyHeader: ['contacts:read', 'contacts:write'] },
    ])
    expect(Object.keys(operation.responses)).toEqual(['200', '400', '401', '403', '429', '503'])
    expect(document.paths['/any']!['get']!.security).toEqual([{ apiKeyBearer: [] }, { apiKeyHeader: [] }])
    expect(Object.keys(document.components.securitySchemes!)).toEqual(
      expect.arrayContaining(UNAUTHENTICATED_SCHEMES),
    )
    const tooMany = operation.responses['429']!
    expect(Object.keys(tooMany.headers!)).toEqual(['Retry-After', 'RateLimit-Policy', 'RateLimit'])
    expect(tooMany.content!['application/problem+json']!.examples).toMatchObject({
      rate_limited: {
        value: {
          type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
          'violated-policies': ['burst'],
        },
      },
      quota_exceeded: { value: { code: 'quota_exceeded' } },
      too_many_attempts: { value: { code: 'too_many_attempts' } },
    })
    const rulesOfTheHost = /operation-(summary|operationId)/
    expect((await lint(document)).filter((finding) => !rulesOfTheHost.test(finding))).toEqual([])
  })

  it("keeps the host's own words about a reply or a scheme", async () => {
    const apiKeyBearer = { type: 'http', scheme: 'bearer', description: 'Ask sales.' }
    await addSwagger({ openapi: { ...OPENAPI, components: { securitySchemes: { apiKeyBearer } } } })
    await registerLatchkey(app, database())
    const response = { 401: Type.Object({ no: Type.Boolean() }, { description: 'No.' }) }
    app.get('/things', { ...protect(), schema: { response } }, async () => ({ no: true }))
    const { paths, components } = await documentOf()
    expect(paths['/things']!['get']!.responses['401']!.description).toBe('No.')
    expect(components.securitySchemes!['apiKeyBearer']!.description).toBe('Ask sales.')
  })

  it('changes the document only: what the host serializes stays its own', async () => {
    await addSwagger()
    app.setErrorHandler((_error, _request, reply) => reply.send({ mine: true, code: 'x' }))
    await registerLatchkey(app, database())
    const schema = { response: { 200: { type: 'object', properties: { ok: { type: 'boolean' } } } } }
    app.get('/things', { ...protect(), schema }, async () => ({ ok: true }))
    await app.ready()
    expect((await app.inject('/things')).json()).toEqual({ mine: true, code: 'x' })
    expect(Object.keys(schema)).toEqual(['response'])
    expect(Object.keys(schema.response)).toEqual(['200'])
  })

  it('is the same in every one of a host’s scopes', async () => {
    await addSwagger()
    await registerLatchkey(app, database())
    await app.register(async (scope) => scope.get('/a', protect(), async () => 'a'), { prefix: '/inner' })
    const { paths } = await documentOf()
    expect(paths['/inner/a']!['get']!.security).toEqual([
      { apiKeyBearer: ['contacts:read'] },
      { apiKeyHeader: ['contacts:read'] },
    ])
  })
})

describe('wherever @fastify/swagger is registered, or not', () => {
  const addRoutes = () => app.get('/things', protect(), async () => 'thing')

  it('absent: everything works, undocumented', async () => {
    await registerLatchkey(app, database())
    addRoutes()
    expect((await app.inject('/things')).statusCode).toBe(401)
  })

  it('not awaited, but first: everything is documented', async () => {
    void addSwagger()
    await registerLatchkey(app, database())
    addRoutes()
    const { paths } = await documentOf()
    expect(paths['/v1/api-keys']).toBeDefined()
    expect(paths['/things']!['get']!.security).toBeDefined()
  })

  it('after Latchkey: it misses the key routes, and the rest of the document is in one piece', async () => {
    await registerLatchkey(app, database())
    await addSwagger()
    addRoutes()
    const document = await documentOf()
    expect(Object.keys(document.paths)).toEqual(['/things'])
    expect(app.swagger({ yaml: true })).toContain('/things')
  })

  it('after the routes: it sees none of them, and nothing breaks', async () => {
    await registerLatchkey(app, database())
    addRoutes()
    await addSwagger()
    expect((await documentOf()).paths).toEqual({})
  })

  it('under another name: everything is documented', async () => {
    await addSwagger({ decorator: 'docs' })
    await registerLatchkey(app, database())
    addRoutes()
    await app.ready()
    const { docs } = app as unknown as { docs: () => Document }
    expect(docs().paths['/things']!['get']!.security).toBeDefined()
  })

  it('on Zod: the key routes are documented in full, and protected ones with their security', async () => {
    app.setValidatorCompiler(validatorCompiler)
    app.setSerializerCompiler(serializerCompiler)
    await addSwagger({ transform: jsonSchemaTransform })
    await registerLatchkey(app, database())
    const response = { 200: z.object({ ok: z.boolean() }).describe('Fine.') }
    app.get('/zod', { ...protect(), schema: { response } }, async () => ({ ok: true }))
    addRoutes()
    const document = await documentOf()
    expect(document.paths['/zod']!['get']!.security).toHaveLength(2)
    expect(
      document.paths['/zod']!['get']!.responses['200']!.content!['application/json']!.schema,
    ).toMatchObject({
      properties: { ok: { type: 'boolean' } },
    })
    expect(document.paths['/things']!['get']!.security).toHaveLength(2)
    const created = document.paths['/v1/api-keys']!['post']!.responses['201']!
    expect(created.content!['application/json']!.schema).toEqual({
      $ref: '#/components/schemas/CreatedApiKey',
    })
    expect(await lint(document)).not.toContainEqual(
      expect.stringMatching(/no-unresolved-refs|struct|security-defined/),
    )
  })

  it('with two key spaces: their operations have names of their own', async () => {
    await addSwagger()
    const partners = {
      namespace: 'my-partners',
      routePrefix: '/v1/partner-keys',
      scopes: { 'orders:read': 'Read orders' },
    }
    await registerLatchkey(app, database(), partners)
    await registerLatchkey(app, database())
    const document = await documentOf()
    expect(document.paths['/v1/partner-keys']!['post']!.operationId).toBe('createApiKey_my_partners')
    expect(document.tags?.map(({ name }) => name)).toEqual(['API keys (my-partners)', 'API keys'])
    expect(await lint(document)).toEqual([])
  })
})

/** Where a schema says nothing about one of its properties. */
function undescribed(schema: unknown, path = ''): string[] {
  const { properties = {}, items } = schema as { properties?: Record<string, object>; items?: object }
  const missing = Object.entries(properties).flatMap(([name, property]) => [
    ...('description' in property || '$ref' in property ? [] : [`${path}.${name}`]),
    ...undescribed(property, `${path}.${name}`),
  ])
  return items ? [...missing, ...undescribed(items, `${path}[]`)] : missing
}
