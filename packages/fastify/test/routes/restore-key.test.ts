import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiKey, DeletedApiKey } from '../../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

describeOnEachDatabase('how keys end and come back', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database(), { maxKeysPerOwner: 50 }))
  })
  afterAll(() => app.close())

  const post = (path: string, payload?: object, owner = 'acme') =>
    callAs(app, owner, { method: 'POST', url: `${KEYS}/${path}`, ...(payload && { payload }) })
  const knock = (secret: string) => app.inject({ url: '/any', headers: bearer(secret) })
  const read = async (id: string) => (await callAs(app, 'acme', { url: `${KEYS}/${id}` })).json<ApiKey>()

  describe('POST /v1/api-keys/:id/revoke', () => {
    it('200: revokes, keeps why and by whom, and waits for every node', async () => {
      const { id, secret } = await createKey(app, 'acme')
      const said = { reason: 'cessationOfOperation', note: 'The importer is gone' }
      const reply = await post(`${id}/revoke`, said)
      expect(reply.statusCode).toBe(200)
      const { apiKey, receipt } = reply.json<DeletedApiKey>()
      expect(receipt).toMatchObject({ nodes: 1, confirmed: 1 })
      expect(apiKey).toMatchObject({ id, status: 'revoked' })
      const weekLater = new Date(Date.parse(apiKey.revokedAt!) + 7 * 86_400_000).toISOString()
      expect(apiKey.revocation).toEqual({
        ...said,
        by: { id: 'user_of_acme', name: 'Ada' },
        restorableUntil: weekLater,
      })
      expect(await read(id)).toEqual(apiKey)
      expectProblem(await knock(secret), 'key_revoked')
    })

    it('200: needs no body, and then says nothing', async () => {
      const { id } = await createKey(app, 'acme')
      expect((await post(`${id}/revoke`)).statusCode).toBe(200)
      expect((await read(id)).revocation).toMatchObject({ reason: 'unspecified', note: null })
    })

    it.each([
      [{ reason: 'certificateHold' }, 'reason'],
      [{ reason: 7 }, 'reason'],
      [{ note: 'two\nlines' }, 'note'],
      [{ note: 'x'.repeat(501) }, 'note'],
      [{ why: 'x' }, 'why'],
      [[], 'body'],
    ])('400: refuses %j', async (payload, field) => {
      const { id, secret } = await createKey(app, 'acme')
      const { errors } = expectProblem(await post(`${id}/revoke`, payload), 'invalid_request')
      expect(errors?.[0]?.field).toBe(field)
      expect((await knock(secret)).statusCode).toBe(200)
    })

    it('409: says that a key is revoked, unless what is new is that it leaked', async () => {
      const { id } = await createKey(app, 'acme')
      await post(`${id}/revoke`, { reason: 'superseded' })
      expectProblem(await post(`${id}/revoke`, { reason: 'privilegeWithdrawn' }), 'already_revoked')
      const leaked = await post(`${id}/revoke`, { reason: 'keyCompromise' })
      expect(leaked.statusCode).toBe(200)
      expect((await read(id)).revocation).toMatchObject({ reason: 'keyCompromise', restorableUntil: null })
      expectProblem(await post(`${id}/revoke`, { reason: 'keyCompromise' }), 'already_revoked')
    })
  })

  describe('POST /v1/api-keys/:id/restore', () => {
    it('200: makes a deleted key good again', async () => {
      const { id, secret } = await createKey(app, 'acme', { name: 'Mine' })
      const before = await read(id)
      await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}` })
      expectProblem(await knock(secret), 'key_revoked')
      const reply = await post(`${id}/restore`)
      expect(reply.statusCode).toBe(200)
      const { apiKey } = reply.json<{ apiKey: ApiKey }>()
      expect(apiKey).toEqual({ ...before, updatedAt: apiKey.updatedAt, lastUsedAt: apiKey.lastUsedAt })
      expect((await knock(secret)).statusCode).toBe(200)
    })

    it('404: knows no key of others, and none that never was', async () => {
      const { id } = await createKey(app, 'acme')
      await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}` })
      expectProblem(await post(`${id}/restore`, undefined, 'other'), 'not_found')
      expectProblem(await post('nothing/restore'), 'not_found')
    })

    it('409: restores none that is not revoked, that leaked, or whose time is over, and says which', async () => {
      const { id } = await createKey(app, 'acme')
      expectProblem(await post(`${id}/restore`), 'not_revoked')
      await post(`${id}/revoke`, { reason: 'keyCompromise' })
      const leaked = expectProblem(await post(`${id}/restore`), 'not_restorable')
      expect(leaked.detail).toContain('keyCompromise')
      const { app: strict } = await createApp(database(), { restoreWindowSeconds: 0 })
      const late = await createKey(strict, 'acme')
      await callAs(strict, 'acme', { method: 'DELETE', url: `${KEYS}/${late.id}` })
      const over = expectProblem(await post(`${late.id}/restore`), 'not_restorable')
      expect(over.detail).toContain('time')
      await strict.close()
    })

    it('409: restores no key when the owner has as many as are allowed', async () => {
      const { app: small } = await createApp(database(), { maxKeysPerOwner: 1 })
      const first = await createKey(small, 'small')
      await callAs(small, 'small', { method: 'DELETE', url: `${KEYS}/${first.id}` })
      await createKey(small, 'small')
      const reply = await callAs(small, 'small', { method: 'POST', url: `${KEYS}/${first.id}/restore` })
      expectProblem(reply, 'too_many_keys')
      await small.close()
    })
  })

  it('403: bounds a key that manages keys by what it has itself', async () => {
    const root = await createKey(app, 'acme', { scopes: ['keys:write'] })
    const byRoot = (url: string, payload?: object) =>
      app.inject({
        method: 'POST',
        url: `${KEYS}/${url}`,
        headers: bearer(root.secret),
        ...(payload && { payload }),
      })
    const more = await createKey(app, 'acme', { scopes: ['contacts:read'] })
    const test = await createKey(app, 'acme', { environment: 'test' })
    // Taking away is always allowed, giving back is not.
    expect((await byRoot(`${more.id}/revoke`, {})).statusCode).toBe(200)
    expectProblem(await byRoot(`${more.id}/restore`), 'beyond_grant')
    expectProblem(await byRoot(`${test.id}/revoke`, {}), 'beyond_grant')
    const reply = await byRoot('bulk', { action: 'restore', ids: [more.id, test.id] })
    const { data } = reply.json<{ data: { problem: { code: string } }[] }>()
    expect(data.map(({ problem }) => problem.code)).toEqual(['beyond_grant', 'not_revoked'])
  })
})
