import { latchkey, type Principal } from '@latchkey/fastify'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import {
  createClient,
  type ApiKey,
  type ApiKeyVerdict,
  type ChangeApiKeys,
  type LatchkeyClient,
  type Problem,
  type RateLimit,
  type Revocation,
  type RevocationReceipt,
  type VerifyApiKey,
} from '../src/index.ts'

describe('the client, calling a server', () => {
  let app: FastifyInstance
  let baseUrl: string
  let client: LatchkeyClient
  beforeAll(async () => {
    app = Fastify({ pluginTimeout: 60_000 })
    await app.register(latchkey, {
      database: 'memory:',
      scopes: { 'contacts:read': 'Read contacts' },
      authorize: ({ headers }): Principal | null =>
        headers.cookie === 'session=good'
          ? { owner: 'acme', actor: { id: 'user_1', name: 'Ada' }, role: 'admin' }
          : null,
    })
    app.get('/contacts', { config: { apiKey: { scopes: ['contacts:read'] } } }, async () => ['Ada'])
    baseUrl = await app.listen({ port: 0, host: '127.0.0.1' })
    client = createClient({ baseUrl, headers: { cookie: 'session=good' } })
  })
  afterAll(() => app.close())

  it('revokes with a reason, restores, changes many at once, and only what it has seen', async () => {
    const made = await client.POST('/v1/api-keys', { body: { name: 'Short-lived' } })
    const { id } = made.data!.apiKey
    const path = { id }
    const revoked = await client.POST('/v1/api-keys/{id}/revoke', {
      params: { path, header: { 'if-match': made.response.headers.get('etag')! } },
      body: { reason: 'superseded', note: 'By another' },
    })
    expectTypeOf(revoked.data!.apiKey.revocation).toEqualTypeOf<Revocation | null>()
    expect(revoked.data!.apiKey.revocation).toMatchObject({ reason: 'superseded', note: 'By another' })
    const stale = await client.POST('/v1/api-keys/{id}/restore', {
      params: { path, header: { 'if-match': made.response.headers.get('etag')! } },
    })
    expect(stale.error).toMatchObject({ status: 412, code: 'precondition_failed' })
    expect((await client.POST('/v1/api-keys/{id}/restore', { params: { path } })).response.status).toBe(200)
    const body: ChangeApiKeys = { action: 'revoke', ids: [id, 'nothing'] }
    const { data } = await client.POST('/v1/api-keys/bulk', { body })
    expect(data!.data.map(({ status, problem }) => [status, problem?.code])).toEqual([
      [200, undefined],
      [404, 'not_found'],
    ])
  })

  it('finds the key routes where the host serves them', async () => {
    const elsewhere = Fastify({ pluginTimeout: 60_000 })
    await elsewhere.register(latchkey, {
      database: 'memory:',
      routePrefix: '/account/keys',
      authorize: () => ({ owner: 'acme', actor: { id: 'user_1', name: 'Ada' }, role: 'admin' }),
    })
    const moved = createClient({
      baseUrl: await elsewhere.listen({ port: 0, host: '127.0.0.1' }),
      routePrefix: '/account/keys',
    })
    const made = await moved.POST('/v1/api-keys', { body: { name: 'Elsewhere' } })
    const { id } = made.data!.apiKey
    const listed = await moved.GET('/v1/api-keys', { params: { query: { q: 'Elsewhere' } } })
    expect(listed.data!.data.map((key) => key.id)).toEqual([id])
    const path = { id }
    expect((await moved.GET('/v1/api-keys/{id}', { params: { path } })).data!.name).toBe('Elsewhere')
    await elsewhere.close()
  })

  it('creates a key that works, lists it, changes it and deletes it', async () => {
    const rateLimits: RateLimit[] = [{ name: 'burst', limit: 10, windowSeconds: 60 }]
    const created = await client.POST('/v1/api-keys', {
      params: { header: { 'idempotency-key': crypto.randomUUID() } },
      body: { name: 'Integration with CRM', scopes: ['contacts:read'], rateLimits },
    })
    const { apiKey, secret } = created.data!
    expect(apiKey.rateLimits).toEqual(rateLimits)
    expectTypeOf(apiKey).toEqualTypeOf<ApiKey>()
    const call = () => fetch(`${baseUrl}/contacts`, { headers: { authorization: `Bearer ${secret}` } })
    expect((await call()).status).toBe(200)

    const listed = await client.GET('/v1/api-keys', {
      params: { query: { status: ['active', 'disabled'], limit: 10, q: 'crm' } },
    })
    expect(listed.data!.data.map(({ id }) => id)).toEqual([apiKey.id])
    expect((await client.GET('/v1/api-keys/scopes')).data!.data[0]!.name).toBe('contacts:read')

    const params = { path: { id: apiKey.id } }
    const changed = await client.PATCH('/v1/api-keys/{id}', { params, body: { name: 'CRM', enabled: false } })
    expect(changed.data).toMatchObject({
      apiKey: { name: 'CRM', status: 'disabled' },
      receipt: { nodes: 1, confirmed: 1 },
    })
    expectTypeOf(changed.data!.receipt).toEqualTypeOf<RevocationReceipt | null>()
    expect((await call()).status).toBe(401)
    expect((await client.GET('/v1/api-keys/{id}', { params })).data).toEqual(changed.data!.apiKey)

    const deleted = await client.DELETE('/v1/api-keys/{id}', { params })
    expect(deleted.data!.apiKey).toMatchObject({ id: apiKey.id, status: 'revoked' })
    expect(deleted.data!.receipt).toMatchObject({ nodes: 1, confirmed: 1 })
    expect((await client.GET('/v1/api-keys')).data!.data).toEqual([])
  })

  it('gives a refusal back as a typed problem document', async () => {
    const { data, error, response } = await client.POST('/v1/api-keys', { body: { name: '' } })
    expect(data).toBeUndefined()
    expect(response.status).toBe(400)
    expectTypeOf(error).toEqualTypeOf<Problem | undefined>()
    expect(error).toMatchObject({ code: 'invalid_request', errors: [{ field: 'name' }] })

    const stranger = createClient({ baseUrl })
    expect((await stranger.GET('/v1/api-keys')).error?.code).toBe('unauthenticated')
  })

  it('has keys checked for a service, one or many', async () => {
    const actor = { id: 'host', name: null }
    const options = { name: 'Payments', scopes: ['latchkey:verify'] }
    const service = await app.latchkey.keys.create('host', actor, options)
    const crm = await app.latchkey.keys.create('acme', actor, { name: 'CRM', scopes: ['contacts:read'] })
    if (!service.ok || !crm.ok) throw new Error('No keys.')
    const headers = { authorization: `Bearer ${service.secret}` }
    const payments = createClient({ baseUrl, headers })

    const asked: VerifyApiKey = { secret: crm.secret, scopes: ['contacts:read'], ip: '192.0.2.17' }
    const { data: verdict } = await payments.POST('/v1/api-keys/verify', { body: asked })
    expectTypeOf(verdict).toEqualTypeOf<ApiKeyVerdict | undefined>()
    expect(verdict).toMatchObject({ valid: true, code: 'valid', apiKey: { owner: 'acme' } })

    const { data: many } = await payments.POST('/v1/api-keys/verify/batch', {
      body: { requests: [asked, { secret: 'nonsense' }] },
    })
    expect(many!.data.map(({ code }) => code)).toEqual(['valid', 'invalid_key'])
  })

  it('manages keys with a key', async () => {
    const root = await client.POST('/v1/api-keys', {
      body: { name: 'Terraform', scopes: ['keys:write', 'contacts:read'] },
    })
    const program = createClient({ baseUrl, headers: { authorization: `Bearer ${root.data!.secret}` } })
    const made = await program.POST('/v1/api-keys', { body: { name: 'Made', scopes: ['contacts:read'] } })
    expect(made.data!.apiKey.createdBy).toEqual({ id: root.data!.apiKey.id, name: 'Terraform' })
    const beyond = await program.POST('/v1/api-keys', { body: { name: 'More', scopes: ['keys:read'] } })
    expect(beyond.error).toMatchObject({ code: 'beyond_grant' })
  })

  it('uses the fetch it is given', async () => {
    const seen: string[] = []
    const spying = createClient({
      baseUrl,
      fetch: (request) => {
        seen.push(`${request.method} ${new URL(request.url).pathname}`)
        return fetch(request)
      },
    })
    await spying.GET('/v1/api-keys/scopes')
    expect(seen).toEqual(['GET /v1/api-keys/scopes'])
  })

  it('rejects when there is no reply', async () => {
    const nobody = createClient({ baseUrl: 'http://127.0.0.1:1' })
    await expect(nobody.GET('/v1/api-keys')).rejects.toThrow()
  })
})
