import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiKey, UpdatedApiKey } from '../../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'
import { wrongQuotas } from '../support/wrong-quotas.ts'
import { wrongRateLimits } from '../support/wrong-rate-limits.ts'

describeOnEachDatabase('PATCH /v1/api-keys/:id', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database()))
  })
  afterAll(() => app.close())

  const update = (id: string, payload: object, owner = 'acme') =>
    callAs(app, owner, { method: 'PATCH', url: `${KEYS}/${id}`, payload })
  const change = async (id: string, payload: object) =>
    (await update(id, payload)).json<UpdatedApiKey>().apiKey
  const knock = async (secret: string, url = '/any') =>
    (await app.inject({ url, headers: bearer(secret) })).statusCode

  describe('200', () => {
    it('changes what is sent and leaves the rest', async () => {
      const { id } = await createKey(app, 'acme', { name: 'Old', scopes: ['contacts:read'] })
      const key = await change(id, { name: ' New ' })
      expect(key).toMatchObject({ id, name: 'New', scopes: ['contacts:read'] })
      expect(Date.parse(key.updatedAt)).toBeGreaterThan(Date.parse(key.createdAt))
    })

    it('disables at once, and enables again', async () => {
      const { id, secret } = await createKey(app, 'acme')
      expect(await knock(secret)).toBe(200)
      expect((await change(id, { enabled: false })).status).toBe('disabled')
      expect(await knock(secret)).toBe(401)
      expect((await change(id, { enabled: true })).status).toBe('active')
      expect(await knock(secret)).toBe(200)
    })

    it('takes scopes away and gives them at once', async () => {
      const { id, secret } = await createKey(app, 'acme', { scopes: ['contacts:read'] })
      expect(await knock(secret, '/contacts')).toBe(200)
      await update(id, { scopes: [] })
      expect(await knock(secret, '/contacts')).toBe(403)
      await update(id, { scopes: ['contacts:read'] })
      expect(await knock(secret, '/contacts')).toBe(200)
    })

    it('sets an expiry and takes it away', async () => {
      const { id } = await createKey(app, 'acme')
      const expiresAt = '2999-01-01T00:00:00.000Z'
      expect((await change(id, { expiresAt })).expiresAt).toBe(expiresAt)
      expect((await change(id, { name: 'Same' })).expiresAt).toBe(expiresAt)
      expect((await change(id, { expiresAt: null })).expiresAt).toBeNull()
    })

    it('sets rate limits, which hold at once, and takes them away', async () => {
      const { id, secret } = await createKey(app, 'acme')
      expect(await knock(secret)).toBe(200)
      const rateLimits = [{ name: 'burst', limit: 1, windowSeconds: 3_600 }]
      expect((await change(id, { rateLimits })).rateLimits).toEqual(rateLimits)
      expect((await change(id, { name: 'Same' })).rateLimits).toEqual(rateLimits)
      expect(await knock(secret)).toBe(200)
      expect(await knock(secret)).toBe(429)
      expect((await change(id, { rateLimits: [] })).rateLimits).toEqual([])
      expect(await knock(secret)).toBe(200)
    })

    it('tells how far a disabling has come, and nothing of other changes', async () => {
      const { app: other } = await createApp(database())
      const { id, secret } = await createKey(app, 'acme')
      const knockThere = async () =>
        (await other.inject({ url: '/any', headers: bearer(secret) })).json<{ code?: string }>().code
      expect(await knockThere()).toBeUndefined()
      const receiptOf = async (payload: object) => (await update(id, payload)).json<UpdatedApiKey>().receipt
      expect(await receiptOf({ name: 'Another name' })).toBeNull()
      expect(await receiptOf({ enabled: false })).toEqual({
        nodes: 2,
        confirmed: 2,
        afterMs: expect.any(Number) as number,
      })
      expect(await knockThere()).toBe('key_disabled')
      expect(await receiptOf({ enabled: false })).toBeNull()
      expect(await receiptOf({ enabled: true })).toBeNull()
      await other.close()
    })

    it('replaces metadata as a whole', async () => {
      const { id } = await createKey(app, 'acme')
      await update(id, { metadata: { a: 1 } })
      expect((await change(id, { metadata: { b: 2 } })).metadata).toEqual({ b: 2 })
    })
  })

  describe('400', () => {
    it.each([
      ['body', {}],
      ['owner', { owner: 'me' }],
      ['environment', { environment: 'test' }],
      ['status', { status: 'active' }],
      ['revokedAt', { revokedAt: null }],
      ['hash', { hash: 'x' }],
      ['remaining', { remaining: 1 }],
      ['name', { name: '' }],
      ['name', { name: null }],
      ['enabled', { enabled: 'true' }],
      ['enabled', { enabled: null }],
      ['scopes', { scopes: ['contacts:destroy'] }],
      ['expiresAt', { expiresAt: '2001-01-01T00:00:00Z' }],
      ...wrongRateLimits,
      ...wrongQuotas,
      ['quota.remaining', { quota: { limit: 5, period: 'day', remaining: -1 } }],
      ['quota.remaining', { quota: { limit: 5, period: 'day', remaining: null } }],
    ])('refuses a wrong %s: %j, and changes nothing', async (field, payload) => {
      const { id } = await createKey(app, 'acme')
      const before = (await callAs(app, 'acme', { url: `${KEYS}/${id}` })).json<ApiKey>()
      const { errors } = expectProblem(await update(id, payload), 'invalid_request')
      expect(errors?.map((error) => error.field)).toContain(field)
      expect((await callAs(app, 'acme', { url: `${KEYS}/${id}` })).json()).toEqual(before)
    })
  })

  describe('401', () => {
    it('asks a stranger to sign in', async () => {
      const { id } = await createKey(app, 'acme')
      const reply = await app.inject({ method: 'PATCH', url: `${KEYS}/${id}`, payload: {} })
      expectProblem(reply, 'unauthenticated')
    })
  })

  describe('403', () => {
    it('refuses a viewer', async () => {
      const { id } = await createKey(app, 'acme')
      const request = { method: 'PATCH', url: `${KEYS}/${id}`, payload: { name: 'x' } } as const
      expectProblem(await callAs(app, 'acme', request, 'viewer'), 'forbidden')
    })
  })

  describe('404', () => {
    it("finds neither another owner's key nor one that never was", async () => {
      const { id, secret } = await createKey(app, 'acme')
      for (const unknown of [id, 'key_01h455vb4pex5vsknk084sn02q', 'nothing']) {
        expectProblem(await update(unknown, { enabled: false }, 'other'), 'not_found')
      }
      expect(await knock(secret)).toBe(200)
    })
  })

  describe('409', () => {
    it('refuses to change a revoked key', async () => {
      const { id, secret } = await createKey(app, 'acme')
      await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}` })
      expectProblem(await update(id, { enabled: true }), 'already_revoked')
      expect(await knock(secret)).toBe(401)
    })

    it('refuses to enable an expired key, unless it is given more time', async () => {
      const soon = Date.now() + 300
      const { id } = await createKey(app, 'acme', { expiresAt: new Date(soon).toISOString() })
      await expect
        .poll(() =>
          callAs(app, 'acme', { url: `${KEYS}/${id}` }).then((reply) => reply.json<ApiKey>().status),
        )
        .toBe('expired')
      expectProblem(await update(id, { enabled: true }), 'already_expired')
      const key = await change(id, { enabled: true, expiresAt: '2999-01-01T00:00:00Z' })
      expect(key.status).toBe('active')
    })
  })
})
