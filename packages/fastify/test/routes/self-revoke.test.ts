import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiKey, SelfRevokedApiKey } from '../../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS, signedIn } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

describeOnEachDatabase('POST /v1/api-keys/self-revoke', (database) => {
  let app: FastifyInstance
  let log: Awaited<ReturnType<typeof createApp>>['log']
  beforeAll(async () => {
    ;({ app, log } = await createApp(database()))
  })
  afterAll(() => app.close())

  const ask = (headers: Record<string, string>, payload?: InjectOptions['payload'], to = app) =>
    to.inject({
      method: 'POST',
      url: `${KEYS}/self-revoke`,
      headers: { ...headers, ...(payload !== undefined && { 'content-type': 'application/json' }) },
      ...(payload !== undefined && { payload }),
    })
  const knock = (secret: string) => app.inject({ url: '/any', headers: bearer(secret) })
  const read = async (id: string) => (await callAs(app, 'acme', { url: `${KEYS}/${id}` })).json<ApiKey>()

  describe('200', () => {
    it('ends the key that it comes with, and tells nothing of it but that', async () => {
      const { id, secret } = await createKey(app, 'acme', { name: 'The importer' })
      const reply = await ask(bearer(secret))
      expect(reply.statusCode).toBe(200)
      const { revokedAt, revocation } = await read(id)
      expect(reply.json<SelfRevokedApiKey>()).toEqual({
        id,
        ended: 'key',
        at: revokedAt,
        receipt: { nodes: 1, confirmed: 1, afterMs: expect.any(Number) as number },
      })
      expect(revocation).toEqual({
        by: { id, name: 'The importer' },
        reason: 'keyCompromise',
        note: null,
        restorableUntil: null,
      })
      expectProblem(await knock(secret), 'key_revoked')
      expect(log.text()).toContain('An API key was revoked by its holder')
      expect(log.text()).not.toContain(secret)
    })

    it('takes another reason and a note, in either header', async () => {
      const { id, secret } = await createKey(app, 'acme')
      const payload = { reason: 'cessationOfOperation', note: 'Shut down' }
      expect((await ask({ 'x-api-key': secret }, payload)).statusCode).toBe(200)
      const { revocation } = await read(id)
      expect(revocation).toMatchObject(payload)
      expect(revocation?.restorableUntil).not.toBeNull()
    })

    it('finds no limit in the way, and counts no use', async () => {
      const rateLimits = [{ name: 'r', limit: 1, windowSeconds: 3_600 }]
      const { secret } = await createKey(app, 'acme', { rateLimits })
      expect((await knock(secret)).statusCode).toBe(200)
      expectProblem(await knock(secret), 'rate_limited')
      const { statusCode, headers } = await ask(bearer(secret))
      expect(statusCode).toBe(200)
      expect(headers['ratelimit']).toBeUndefined()
    })

    it('ends a disabled key, and a key of either environment', async () => {
      const { id, secret } = await createKey(app, 'acme')
      await callAs(app, 'acme', { method: 'PATCH', url: `${KEYS}/${id}`, payload: { enabled: false } })
      expect((await ask(bearer(secret))).statusCode).toBe(200)
      const { app: live } = await createApp(database(), { environment: 'live' })
      const test = await createKey(app, 'acme', { environment: 'test' })
      expect((await ask(bearer(test.secret), undefined, live)).statusCode).toBe(200)
      await live.close()
    })

    it('ends but the secret before the present one', async () => {
      const { id, secret } = await createKey(app, 'acme')
      const payload = { gracePeriodSeconds: 3_600 }
      const rotated = (
        await callAs(app, 'acme', { method: 'POST', url: `${KEYS}/${id}/rotate`, payload })
      ).json<{ secret: string }>()
      expect((await ask(bearer(secret))).json()).toMatchObject({ id, ended: 'secret' })
      expectProblem(await knock(secret), 'key_retired')
      expectProblem(await ask(bearer(secret)), 'key_retired')
      expect((await knock(rotated.secret)).statusCode).toBe(200)
    })
  })

  describe('400', () => {
    it.each([
      [{ reason: 'certificateHold' }, 'reason'],
      [{ note: 'two\nlines' }, 'note'],
      [{ id: 'x' }, 'id'],
    ])('refuses %j and ends nothing', async (payload, field) => {
      const { secret } = await createKey(app, 'acme')
      const { errors } = expectProblem(await ask(bearer(secret), payload), 'invalid_request')
      expect(errors?.[0]?.field).toBe(field)
      expect((await knock(secret)).statusCode).toBe(200)
    })

    it('refuses two credentials', async () => {
      const { secret } = await createKey(app, 'acme')
      expectProblem(await ask({ ...bearer(secret), 'x-api-key': secret }), 'multiple_credentials')
    })
  })

  describe('401', () => {
    it('tells the second time that the key is revoked, or nothing where nothing is told', async () => {
      const { secret } = await createKey(app, 'acme')
      await ask(bearer(secret))
      expectProblem(await ask(bearer(secret)), 'key_revoked')
      const { app: uniform } = await createApp(database(), { rejections: 'uniform' })
      expectProblem(await ask(bearer(secret), undefined, uniform), 'invalid_key')
      await uniform.close()
    })

    it('answers what no key has alike, before it reads any body', async () => {
      const made = 'lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA'
      for (const secret of [made, 'nonsense', made.slice(0, -1)]) {
        const reply = await ask(bearer(secret), '{"not json')
        expectProblem(reply, 'invalid_key')
        expect(reply.headers['www-authenticate']).toBe('Bearer realm="default", error="invalid_token"')
      }
      expectProblem(await ask({}, '{"not json'), 'unauthenticated')
    })

    it('takes no sign-in for a key, and leaves an expired key as it is', async () => {
      expectProblem(await ask(signedIn('acme')), 'unauthenticated')
      const expiresAt = new Date(Date.now() + 300).toISOString()
      const { secret } = await createKey(app, 'acme', { expiresAt })
      await expect.poll(async () => (await knock(secret)).json<{ code?: string }>().code).toBe('key_expired')
      expectProblem(await ask(bearer(secret)), 'key_expired')
    })
  })

  it('429: slows down who tries one wrong key after the other', async () => {
    const { app: own } = await createApp(database())
    const codes = new Set<string>()
    for (let n = 0; n < 150; n++) {
      const reply = await ask(bearer('nonsense'), undefined, own)
      codes.add(reply.json<{ code: string }>().code)
    }
    expect([...codes]).toEqual(['invalid_key', 'too_many_attempts'])
    await own.close()
  })
})
