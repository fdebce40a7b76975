import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { StoreUnavailable } from '@latchkey/engine'
import Fastify, { type FastifyInstance } from 'fastify'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest'
import type { ApiKeyVerdict, CreatedToken, JsonWebKeySet } from '../../src/index.ts'
import {
  bearer,
  callAs,
  createApp,
  createKey,
  createServiceKey,
  KEYS,
  registerLatchkey,
  signedIn,
  type NewKey,
} from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'
import { AUDIENCE, ISSUER, tokenOptions } from '../support/token-options.ts'

const TOKEN = `${KEYS}/token`

describeOnEachDatabase('POST /token', (database) => {
  let app: FastifyInstance
  let log: { text(): string }
  let runs: () => number
  const tokens = tokenOptions()
  beforeAll(async () => {
    ;({ app, log, runs } = await createApp(database(), { tokens }))
  })
  afterAll(() => app.close())

  const ask = (headers: Record<string, string>, payload: object = {}) =>
    app.inject({ method: 'POST', url: TOKEN, headers, payload })
  const jwks = async (host = app) => (await host.inject({ url: `${KEYS}/jwks` })).json<JsonWebKeySet>()
  const aKey = (fields: NewKey = {}) => createKey(app, 'acme', { scopes: ['contacts:*'], ...fields })
  async function aToken(fields: NewKey = {}) {
    const key = await aKey(fields)
    const reply = await ask(bearer(key.secret))
    expect(reply.statusCode).toBe(200)
    return { ...key, token: reply.json<CreatedToken>().access_token }
  }

  it('200: answers a key with a token for all that it may do, which the public keys verify', async () => {
    const { id, secret } = await aKey()
    const reply = await ask(bearer(secret))
    expect(reply.statusCode).toBe(200)
    expect(reply.headers['cache-control']).toBe('no-store')
    const { access_token: token, ...rest } = reply.json<CreatedToken>()
    expect(rest).toEqual({
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'contacts:read contacts:write',
    })
    const { payload } = await jwtVerify(token, createLocalJWKSet(await jwks()), {
      issuer: ISSUER,
      audience: AUDIENCE,
      typ: 'at+jwt',
      algorithms: ['EdDSA'],
    })
    expect(payload).toMatchObject({ sub: id, client_id: id, owner: 'acme', environment: 'live' })
    expect(payload.exp! - payload.iat!).toBe(300)
    for (const text of [secret, token]) expect(log.text()).not.toContain(text)
  })

  it('200: takes the key in X-API-Key as well', async () => {
    const { secret } = await aKey()
    expect((await ask({ 'x-api-key': secret })).statusCode).toBe(200)
  })

  it('200: narrows the token to what was asked', async () => {
    const { secret } = await aKey()
    const reply = await ask(bearer(secret), {
      scopes: ['contacts:read'],
      audience: 'search',
      lifetimeSeconds: 45,
    })
    const { access_token: token, ...rest } = reply.json<CreatedToken>()
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 45, scope: 'contacts:read' })
    expect(decodeJwt(token)).toMatchObject({ aud: 'search', scope: 'contacts:read' })
  })

  it('200: ends the token no later than its key', async () => {
    const expiresAt = new Date(Date.now() + 60_000)
    const { secret } = await aKey({ expiresAt: expiresAt.toISOString() })
    const { access_token: token, expires_in: seconds } = (await ask(bearer(secret))).json<CreatedToken>()
    expect(seconds).toBeLessThanOrEqual(60)
    expect(decodeJwt(token).exp).toBe(Math.floor(expiresAt.getTime() / 1_000))
  })

  it('200: begins the token when the key was verified, not when a slow body had come', async () => {
    const issue = vi.spyOn(app.latchkey.tokens!, 'issue')
    onTestFinished(() => issue.mockRestore())
    const { secret } = await aKey()
    async function* slowly() {
      yield '{'
      await setTimeout(300)
      yield '}'
    }
    const headers = { ...bearer(secret), 'content-type': 'application/json' }
    const reply = await app.inject({
      method: 'POST',
      url: TOKEN,
      headers,
      payload: Readable.from(slowly()),
    })
    expect(reply.statusCode).toBe(200)
    expect(issue.mock.lastCall![1]!.ageMs).toBeGreaterThan(290)
    issue.mockResolvedValueOnce({ ok: false, reason: 'too_late' })
    expectProblem(await ask(bearer(secret)), 'request_timeout')
  })

  it('counts as a request with the key, against its limits and its quota', async () => {
    const limits = [{ name: 'burst', limit: 1, windowSeconds: 3_600 }]
    const limited = await aKey({ rateLimits: limits })
    const first = await ask(bearer(limited.secret))
    expect(first.statusCode).toBe(200)
    expect(first.headers.ratelimit).toContain('"burst";r=0')
    expectProblem(await ask(bearer(limited.secret)), 'rate_limited')

    const poor = await aKey({ quota: { limit: 1, period: 'never' } })
    expect((await ask(bearer(poor.secret))).statusCode).toBe(200)
    expectProblem(await ask(bearer(poor.secret)), 'quota_exceeded')
  })

  it('400: names what is wrong', async () => {
    const { secret } = await aKey()
    for (const [payload, field] of [
      [{ scopes: ['contacts:delete'] }, 'scopes'],
      [{ scopes: ['keys:write'] }, 'scopes'],
      [{ scopes: 'contacts:read' }, 'scopes'],
      [{ audience: 'https://evil.example.com' }, 'audience'],
      [{ audience: [AUDIENCE] }, 'audience'],
      [{ lifetimeSeconds: 301 }, 'lifetimeSeconds'],
      [{ lifetimeSeconds: 29 }, 'lifetimeSeconds'],
      [{ lifetimeSeconds: 86_400 }, 'lifetimeSeconds'],
      [{ lifetimeSeconds: '60' }, 'lifetimeSeconds'],
      [{ ageMs: -1_000_000 }, 'ageMs'],
      [{ sub: 'somebody else' }, 'sub'],
    ] as const) {
      const { errors } = expectProblem(await ask(bearer(secret), payload), 'invalid_request')
      expect(errors?.map((error) => error.field)).toEqual([field])
    }
  })

  it('401: without a key, with two, and with one that is no good, before the body is looked at', async () => {
    const wrong = (headers: Record<string, string>) =>
      app.inject({
        method: 'POST',
        url: TOKEN,
        headers: { ...headers, 'content-type': 'application/json' },
        payload: 'no JSON',
      })
    const { secret } = await aKey()
    expectProblem(await wrong({}), 'unauthenticated')
    expectProblem(await wrong(signedIn('acme')), 'unauthenticated')
    expectProblem(await wrong({ ...bearer(secret), 'x-api-key': secret }), 'multiple_credentials')
    expectProblem(await wrong(bearer('lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA')), 'invalid_key')
    expectProblem(await wrong(bearer(secret)), 'invalid_json')
  })

  it('401: a key that is revoked, disabled, expired, pending or retired gets no token any more', async () => {
    const owner = 'acme'
    const change = (id: string, method: 'PATCH' | 'DELETE' | 'POST', payload?: object, more = '') =>
      callAs(app, owner, { method, url: `${KEYS}/${id}${more}`, ...(payload && { payload }) })
    const use = async (secret: string) => expect((await ask(bearer(secret))).statusCode).toBe(200)

    const revoked = await aKey()
    await use(revoked.secret)
    await change(revoked.id, 'DELETE')
    expectProblem(await ask(bearer(revoked.secret)), 'key_revoked')

    const disabled = await aKey()
    await use(disabled.secret)
    await change(disabled.id, 'PATCH', { enabled: false })
    expectProblem(await ask(bearer(disabled.secret)), 'key_disabled')
    await change(disabled.id, 'PATCH', { enabled: true })
    await use(disabled.secret)

    const rotated = await aKey()
    await use(rotated.secret)
    await change(rotated.id, 'POST', { gracePeriodSeconds: 0 }, '/rotate')
    expectProblem(await ask(bearer(rotated.secret)), 'key_retired')

    const expired = await aKey({ expiresAt: new Date(Date.now() + 200).toISOString() })
    await setTimeout(250)
    expectProblem(await ask(bearer(expired.secret)), 'key_expired')

    const { latchkey } = app
    const notBefore = new Date(Date.now() + 3_600_000)
    const pending = await latchkey.keys.create(owner, { id: 'ann', name: null }, { name: 'k', notBefore })
    expectProblem(await ask(bearer(pending.ok ? pending.secret : '')), 'key_pending')
  })

  it('401: a key in its last second gets none', async () => {
    const issue = vi.spyOn(app.latchkey.tokens!, 'issue')
    onTestFinished(() => issue.mockRestore())
    issue.mockResolvedValueOnce({ ok: false, reason: 'expired' })
    expectProblem(await ask(bearer((await aKey()).secret)), 'key_expired')
  })

  it('403: never more than the key may do', async () => {
    const { secret } = await aKey({ scopes: ['contacts:read'] })
    const reply = await ask(bearer(secret), { scopes: ['contacts:read', 'contacts:write'] })
    expectProblem(reply, 'insufficient_scope')
    expect(reply.headers['www-authenticate']).toBe(
      'Bearer realm="default", error="insufficient_scope", scope="contacts:write"',
    )
  })

  it('403: nor more than its owner may do by now', async () => {
    const { secret } = await createKey(app, 'bound', { scopes: ['contacts:*'] })
    await app.latchkey.owners.setScopes('bound', ['contacts:read'])
    expect((await ask(bearer(secret))).json<CreatedToken>().scope).toBe('contacts:read')
    expectProblem(await ask(bearer(secret), { scopes: ['contacts:write'] }), 'insufficient_scope')
  })

  it('503: while nobody can be sure which key signs, nor are any told', async () => {
    const { secret } = await aKey()
    const away = new StoreUnavailable('away')
    const spies = [
      vi.spyOn(app.latchkey.tokens!, 'issue').mockRejectedValue(away),
      vi.spyOn(app.latchkey.tokens!, 'jwks').mockRejectedValue(away),
    ]
    onTestFinished(() => spies.forEach((spy) => spy.mockRestore()))
    expectProblem(await ask(bearer(secret)), 'unavailable')
    expectProblem(await app.inject({ url: `${KEYS}/jwks` }), 'unavailable')
  })

  it('is no key where a key is expected, nor gets another token', async () => {
    const root = await createKey(app, 'acme', { scopes: ['contacts:*', 'keys:read', 'keys:write'] })
    const { access_token: token, scope } = (await ask(bearer(root.secret))).json<CreatedToken>()
    expect(scope).toBe('contacts:read contacts:write')
    const before = runs()
    for (const headers of [bearer(token), { 'x-api-key': token }]) {
      for (const url of ['/any', '/contacts'])
        expectProblem(await app.inject({ url, headers }), 'invalid_key')
      expectProblem(await ask(headers), 'invalid_key')
      for (const request of [
        { url: KEYS },
        { url: `${KEYS}/${root.id}` },
        { method: 'DELETE' as const, url: `${KEYS}/${root.id}` },
        { method: 'POST' as const, url: KEYS, payload: { name: 'x' } },
      ]) {
        expectProblem(await app.inject({ ...request, headers }), 'unauthenticated')
      }
    }
    expect(runs()).toBe(before)

    const service = await createServiceKey(app)
    const verdict = await app.inject({
      method: 'POST',
      url: `${KEYS}/verify`,
      headers: bearer(service),
      payload: { secret: token },
    })
    expect([200, 400]).toContain(verdict.statusCode)
    expect(verdict.json<ApiKeyVerdict>().valid ?? false).toBe(false)
    const asked = { ...bearer(token), 'x-latchkey-key': service }
    expectProblem(await app.inject({ url: `${KEYS}/authorize`, headers: asked }), 'invalid_key')
  })

  it('works until it expires, also when its key is revoked meanwhile: that is its price', async () => {
    const { id, token } = await aToken()
    await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}` })
    const { payload } = await jwtVerify(token, createLocalJWKSet(await jwks()))
    expect(payload.sub).toBe(id)
    const currentDate = new Date((payload.exp! + 1) * 1_000)
    await expect(jwtVerify(token, createLocalJWKSet(await jwks()), { currentDate })).rejects.toThrow('exp')
  })

  it('is of its key space alone, and of its environment', async () => {
    const other = Fastify({ pluginTimeout: 60_000 })
    await registerLatchkey(other, database(), { tokens, namespace: 'other', environment: 'live' })
    const { secret } = await createKey(other, 'acme')
    const test = await createKey(other, 'acme', { environment: 'test' })
    const get = (key: string) =>
      other.inject({ method: 'POST', url: TOKEN, headers: bearer(key), payload: {} })
    const { access_token: token } = (await get(secret)).json<CreatedToken>()
    await jwtVerify(token, createLocalJWKSet(await jwks(other)))
    await expect(jwtVerify(token, createLocalJWKSet(await jwks()))).rejects.toThrow('no applicable key')
    expectProblem(await get(test.secret), 'wrong_environment')
    await other.close()
  })

  it('is not there where the host has not asked for it', async () => {
    const without = await createApp(database())
    const { secret } = await createKey(without.app, 'acme')
    const headers = bearer(secret)
    const reply = await without.app.inject({ method: 'POST', url: TOKEN, headers, payload: {} })
    expectProblem(reply, 'method_not_allowed')
    expect((await without.app.inject({ url: `${KEYS}/jwks` })).statusCode).toBe(401)
    await without.app.close()
  })

  it('GET /jwks: tells everybody the public keys, and nothing of private ones', async () => {
    const reply = await app.inject({ url: `${KEYS}/jwks` })
    expect(reply.statusCode).toBe(200)
    expect(reply.headers['cache-control']).toBe('public, max-age=600')
    expect(reply.headers['content-type']).toMatch(/^application\/jwk-set\+json/)
    expect(reply.json()).toEqual({
      keys: [
        {
          kty: 'OKP',
          crv: 'Ed25519',
          x: expect.stringMatching(/^[\w-]{43}$/) as string,
          use: 'sig',
          alg: 'EdDSA',
          kid: expect.stringMatching(/^[\w-]{43}$/) as string,
        },
      ],
    })
    for (const headers of [bearer('nonsense'), signedIn('acme')]) {
      expect((await app.inject({ url: `${KEYS}/jwks`, headers })).body).toBe(reply.body)
    }
  })

  it('GET /jwks: has no field for a private key, should one ever come there', async () => {
    const [key] = (await jwks()).keys
    const spy = vi.spyOn(app.latchkey.tokens!, 'jwks')
    onTestFinished(() => spy.mockRestore())
    spy.mockResolvedValue({ keys: [{ ...key, d: 'private' } as never] })
    expect(await jwks()).toEqual({ keys: [key] })
  })
})
