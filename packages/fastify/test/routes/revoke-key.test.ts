import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeletedApiKey } from '../../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

describeOnEachDatabase('DELETE /v1/api-keys/:id', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database()))
  })
  afterAll(() => app.close())

  const revoke = (id: string, owner = 'acme') =>
    callAs(app, owner, { method: 'DELETE', url: `${KEYS}/${id}` })
  const knock = (secret: string) => app.inject({ url: '/any', headers: bearer(secret) })

  describe('200', () => {
    it('revokes at once, a key in use too', async () => {
      const { id, secret } = await createKey(app, 'acme')
      expect((await knock(secret)).statusCode).toBe(200)
      const reply = await revoke(id)
      expect(reply.statusCode).toBe(200)
      const { apiKey } = reply.json<DeletedApiKey>()
      expect(apiKey).toMatchObject({ id, status: 'revoked', revokedAt: expect.any(String) as string })
      expect(reply.headers['cache-control']).toBe('no-store')
      expect(reply.body).not.toContain(secret)
      expectProblem(await knock(secret), 'key_revoked')
    })

    it('tells that every node refuses the key, and then every node does', async () => {
      const { app: other } = await createApp(database())
      const knockThere = (text: string) => other.inject({ url: '/any', headers: bearer(text) })
      const { id, secret } = await createKey(app, 'acme')
      expect((await knockThere(secret)).statusCode).toBe(200)
      const { receipt } = (await revoke(id)).json<DeletedApiKey>()
      expect(receipt).toEqual({ nodes: 2, confirmed: 2, afterMs: expect.any(Number) as number })
      expect(receipt.afterMs).toBeGreaterThanOrEqual(0)
      expect(receipt.afterMs).toBeLessThan(1_000)
      expectProblem(await knockThere(secret), 'key_revoked')
      await other.close()
    })

    it('takes no notice of a content type without a body, which some clients always send', async () => {
      const { id } = await createKey(app, 'acme')
      const headers = { 'content-type': 'application/json' }
      const reply = await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}`, headers })
      expect(reply.statusCode).toBe(200)
    })
  })

  describe('401', () => {
    it('asks a stranger to sign in, and refuses who holds the very key', async () => {
      const { id, secret } = await createKey(app, 'acme')
      const request = { method: 'DELETE', url: `${KEYS}/${id}` } as const
      expectProblem(await app.inject(request), 'unauthenticated')
      expectProblem(await app.inject({ ...request, headers: bearer(secret) }), 'insufficient_scope')
      expect((await knock(secret)).statusCode).toBe(200)
    })
  })

  describe('403', () => {
    it('refuses a viewer', async () => {
      const { id } = await createKey(app, 'acme')
      const reply = await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}` }, 'viewer')
      expectProblem(reply, 'forbidden')
    })
  })

  describe('404', () => {
    it('finds a key only once', async () => {
      const { id } = await createKey(app, 'acme')
      expect((await revoke(id)).statusCode).toBe(200)
      expectProblem(await revoke(id), 'not_found')
    })

    it('revokes once however many ask at once', async () => {
      const { id } = await createKey(app, 'acme')
      const replies = await Promise.all(Array.from({ length: 8 }, () => revoke(id)))
      expect(replies.map(({ statusCode }) => statusCode).sort()).toEqual([200, ...Array<number>(7).fill(404)])
    })

    it("leaves another owner's key alone", async () => {
      const { id, secret } = await createKey(app, 'acme')
      expectProblem(await revoke(id, 'other'), 'not_found')
      expect((await knock(secret)).statusCode).toBe(200)
    })
  })
})
