import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiKey, CreatedApiKey, Principal } from '../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS } from './support/app.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'

describeOnEachDatabase('scopes over HTTP', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    const scopeSets = { '@read-only': { description: 'Read everything', scopes: ['contacts:read'] } }
    ;({ app } = await createApp(database(), { scopeSets, rejections: 'uniform' }))
    const anyScope = ['contacts:write', 'contacts:read']
    app.get('/either', { config: { apiKey: { anyScope } } }, async () => 'served')
    app.get('/scopes', { config: { apiKey: true } }, async (request) => request.apiKey!.scopes)
  })
  afterAll(() => app.close())

  const call = (secret: string, url: string) => app.inject({ url, headers: bearer(secret) })

  it('of a resource and of a set open what they stand for, and are shown as they were given', async () => {
    for (const [given, expected] of [
      [['contacts:*'], ['contacts:read', 'contacts:write']],
      [['@read-only'], ['contacts:read']],
    ]) {
      const { id, secret } = await createKey(app, 'acme', { scopes: given! })
      expect((await call(secret, '/scopes')).json()).toEqual(expected)
      expect((await call(secret, '/contacts')).statusCode).toBe(200)
      expect((await callAs(app, 'acme', { url: `${KEYS}/${id}` })).json<ApiKey>().scopes).toEqual(given)
    }
  })

  it('one of several is enough where the route says so, and the refusal names them', async () => {
    for (const scope of ['contacts:read', 'contacts:write']) {
      const { secret } = await createKey(app, 'acme', { scopes: [scope] })
      expect((await call(secret, '/either')).statusCode).toBe(200)
    }
    const { secret } = await createKey(app, 'acme')
    const refused = await call(secret, '/either')
    const problem = expectProblem(refused, 'insufficient_scope')
    expect(problem.detail).toMatch(/one will do: contacts:write, contacts:read\.$/)
    expect(refused.headers['www-authenticate']).toContain('scope="contacts:write"')
  })

  it('that an owner has no more open nothing, in keys that exist and in new ones', async () => {
    const as = (ownerScopes?: readonly string[] | null) => {
      const principal: Principal = {
        owner: 'planned',
        actor: { id: 'user', name: null },
        role: 'admin',
        ...(ownerScopes !== undefined && { ownerScopes }),
      }
      return { 'x-test-principal': JSON.stringify(principal) }
    }
    const { secret } = await createKey(app, 'planned', { scopes: ['contacts:*'] })
    expect((await call(secret, '/either')).statusCode).toBe(200)

    await app.inject({ url: KEYS, headers: as(['contacts:read']) })
    expect((await call(secret, '/scopes')).json()).toEqual(['contacts:read'])
    const payload = { name: 'k', scopes: ['contacts:*'] }
    const beyond = await app.inject({ method: 'POST', url: KEYS, headers: as(), payload })
    expect(expectProblem(beyond, 'beyond_grant').detail).toMatch(/contacts:write\.$/)

    await app.inject({ url: KEYS, headers: as(null) })
    expect((await call(secret, '/scopes')).json()).toEqual(['contacts:read', 'contacts:write'])
  })

  it('that a person does not have are never theirs to hand out, whichever way they try', async () => {
    const principal = (scopes?: unknown) => ({
      'x-test-principal': JSON.stringify({
        owner: 'shared',
        actor: { id: 'junior', name: null },
        role: 'developer',
        scopes,
      }),
    })
    const as = (scopes: unknown, method: 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) =>
      app.inject({ method, url: KEYS + url, headers: principal(scopes), ...(payload && { payload }) })
    const reader = ['contacts:read']
    const full = await createKey(app, 'shared', { scopes: ['contacts:*'] })

    for (const scope of ['contacts:write', 'contacts:*', '@read-only', 'keys:write']) {
      const refused = await as(reader, 'POST', '', { name: 'k', scopes: [scope] })
      expect(expectProblem(refused, 'beyond_grant').detail).toContain(scope)
    }
    const { id } = (await as(reader, 'POST', '', { name: 'k', scopes: reader })).json<CreatedApiKey>().apiKey
    expectProblem(await as(reader, 'PATCH', `/${id}`, { scopes: ['contacts:write'] }), 'beyond_grant')
    expectProblem(await as(reader, 'POST', `/${full.id}/rotate`, {}), 'beyond_grant')
    expect((await as(reader, 'POST', `/${id}/rotate`, {})).statusCode).toBe(200)
    expect((await as(null, 'PATCH', `/${id}`, { scopes: ['contacts:write'] })).statusCode).toBe(200)
    expect((await as(reader, 'DELETE', `/${full.id}`)).statusCode).toBe(200)
    expectProblem(await as('contacts:read', 'POST', '', { name: 'k' }), 'unavailable')
  })

  it('503, not a guess, when the host says of an owner what cannot be', async () => {
    const principal = { owner: 'odd', actor: { id: 'user', name: null }, role: 'admin', ownerScopes: ['x'] }
    const headers = { 'x-test-principal': JSON.stringify(principal) }
    expectProblem(await app.inject({ url: KEYS, headers }), 'unavailable')
  })
})

describeOnEachDatabase('keys that begin later', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database()))
  })
  afterAll(() => app.close())

  it('are refused until then, told so, and shown as pending', async () => {
    const notBefore = new Date(Date.now() + 60_000).toISOString()
    const url = KEYS
    const created = await callAs(app, 'acme', { method: 'POST', url, payload: { name: 'k', notBefore } })
    const { apiKey, secret } = created.json<{ apiKey: ApiKey; secret: string }>()
    expect(apiKey).toMatchObject({ notBefore, status: 'pending', expiresSoon: false })
    const refused = await app.inject({ url: '/any', headers: bearer(secret) })
    expectProblem(refused, 'key_pending')
    expect(refused.headers['www-authenticate']).toContain('error="invalid_token"')

    const path = `${KEYS}/${apiKey.id}`
    await callAs(app, 'acme', { method: 'PATCH', url: path, payload: { notBefore: null } })
    expect((await app.inject({ url: '/any', headers: bearer(secret) })).statusCode).toBe(200)
  })

  it('400: not when they would end before', async () => {
    const payload = { name: 'k', notBefore: '2999-01-01T00:00:00Z', expiresAt: '2998-01-01T00:00:00Z' }
    const reply = await callAs(app, 'acme', { method: 'POST', url: KEYS, payload })
    expect(expectProblem(reply, 'invalid_request').errors).toEqual([
      { field: 'notBefore', message: 'must be before expiresAt' },
    ])
  })
})
