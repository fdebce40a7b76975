import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiKey } from '../../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

describeOnEachDatabase('GET /v1/api-keys/:id', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database()))
  })
  afterAll(() => app.close())

  describe('200', () => {
    it('shows the key without its secret', async () => {
      const { id, secret } = await createKey(app, 'acme', { name: 'Mine' })
      const reply = await callAs(app, 'acme', { url: `${KEYS}/${id}` })
      expect(reply.json<ApiKey>()).toMatchObject({ id, name: 'Mine', status: 'active' })
      expect(reply.body).not.toContain(secret.slice(12))
      expect(reply.headers['cache-control']).toBe('no-store')
    })

    it('still shows a revoked key, and when it was revoked', async () => {
      const { id } = await createKey(app, 'acme')
      await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}` })
      const key = (await callAs(app, 'acme', { url: `${KEYS}/${id}` })).json<ApiKey>()
      expect(key.status).toBe('revoked')
      expect(key.revokedAt).not.toBeNull()
    })

    it('tells when the key last opened something', async () => {
      const { id, secret } = await createKey(app, 'acme')
      const lastUse = async (of: FastifyInstance) =>
        (await callAs(of, 'acme', { url: `${KEYS}/${id}` })).json<ApiKey>().lastUsedAt
      expect(await lastUse(app)).toBeNull()

      const { app: node } = await createApp(database())
      await node.inject({ url: '/any', headers: bearer(secret) })
      // Uses are gathered in memory; a node that closes stores what it has.
      await node.close()
      expect(Date.parse((await lastUse(app))!)).toBeGreaterThan(Date.now() - 60_000)
    })

    it('answers HEAD like GET, without the body', async () => {
      const { id } = await createKey(app, 'acme')
      const reply = await callAs(app, 'acme', { method: 'HEAD', url: `${KEYS}/${id}` })
      expect(reply.statusCode).toBe(200)
      expect(reply.body).toBe('')
    })
  })

  describe('401', () => {
    it('asks a stranger to sign in', async () => {
      const { id } = await createKey(app, 'acme')
      expectProblem(await app.inject({ url: `${KEYS}/${id}` }), 'unauthenticated')
    })
  })

  describe('403', () => {
    it('refuses who holds the very key, unless it may see keys', async () => {
      const { id, secret } = await createKey(app, 'acme')
      const reply = await app.inject({ url: `${KEYS}/${id}`, headers: bearer(secret) })
      expectProblem(reply, 'insufficient_scope')
      expect(reply.headers['www-authenticate']).toContain('scope="keys:read"')
    })
  })

  describe('404', () => {
    it("answers another owner's id, an unknown id and no id at all with the same bytes", async () => {
      const { id } = await createKey(app, 'acme')
      const ids = [
        id,
        'key_01h455vb4pex5vsknk084sn02q',
        'nothing',
        id.toUpperCase(),
        `${id}0`,
        id.replace('key_', 'user_'),
        '__proto__',
        'constructor',
        'toString',
        '%00',
        '%F0%9F%97%9D',
        "'--",
      ]
      const replies = await Promise.all(ids.map((each) => callAs(app, 'other', { url: `${KEYS}/${each}` })))
      const bodies = replies.map((reply) => {
        const { requestId, ...rest } = expectProblem(reply, 'not_found')
        const { date: _, 'content-length': length, ...headers } = reply.headers
        return JSON.stringify({ rest, headers, length: Number(length) - requestId.length })
      })
      expect(new Set(bodies).size).toBe(1)
    })
  })
})
