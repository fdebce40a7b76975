import type { Latchkey } from '@latchkey/engine'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createRequireApiKey } from '../src/require-api-key.ts'
import type { LatchkeyPluginOptions } from '../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS, registerLatchkey, type NewKey } from './support/app.ts'
import { useEmbeddedDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'

describe('a protected route', () => {
  const database = useEmbeddedDatabase()

  /** An app whose keys no other test sees. */
  async function start(options: Partial<LatchkeyPluginOptions> = {}) {
    const created = await createApp(database(), options)
    const call = (secret: string, url = '/any') => created.app.inject({ url, headers: bearer(secret) })
    return { ...created, call }
  }

  /** An app of another key space on the same database. */
  async function startForeign(): Promise<FastifyInstance> {
    const app = Fastify({ pluginTimeout: 60_000 })
    await registerLatchkey(app, database(), { namespace: 'other', routePrefix: '/v1/other-keys' })
    return app
  }

  describe('200', () => {
    it('tells the handler who the key belongs to', async () => {
      const { app, call } = await start()
      const { id, secret } = await createKey(app, 'acme')
      expect((await call(secret)).json()).toEqual({ owner: 'acme', id })
      expect((await app.inject({ url: '/any', headers: { 'x-api-key': secret } })).statusCode).toBe(200)
      await app.close()
    })

    it('leaves routes without config.apiKey open, and their request.apiKey null', async () => {
      const { app, call } = await start()
      const { secret } = await createKey(app, 'acme')
      expect((await app.inject({ url: '/open' })).json()).toEqual({ owner: null, id: null })
      expect((await call(secret, '/open')).json()).toEqual({ owner: null, id: null })
      await app.close()
    })

    it('guards HEAD as it guards GET', async () => {
      const { app } = await start()
      const { secret } = await createKey(app, 'acme')
      const head = (headers: Record<string, string>) =>
        app.inject({ method: 'HEAD', url: '/contacts', headers })
      expect((await head({})).statusCode).toBe(401)
      expect((await head(bearer(secret))).statusCode).toBe(403)
      await app.close()
    })
  })

  describe('the four answers of RFC 6750', () => {
    let app: FastifyInstance
    let secret: string
    beforeAll(async () => {
      ;({ app } = await start())
      ;({ secret } = await createKey(app, 'acme', { scopes: ['contacts:read'] }))
    })
    afterAll(() => app.close())

    it('401 without an error code when there are no credentials', async () => {
      const reply = await app.inject({ url: '/contacts' })
      expectProblem(reply, 'unauthenticated')
      expect(reply.headers['www-authenticate']).toBe('Bearer realm="default"')
    })

    it('401 invalid_token when the key is not good', async () => {
      const reply = await app.inject({ url: '/contacts', headers: bearer('nonsense') })
      expectProblem(reply, 'invalid_key')
      expect(reply.headers['www-authenticate']).toBe('Bearer realm="default", error="invalid_token"')
    })

    it('403 insufficient_scope, naming every scope the route needs, when the key lacks one', async () => {
      const reply = await app.inject({ method: 'POST', url: '/contacts', headers: bearer(secret) })
      expectProblem(reply, 'insufficient_scope')
      expect(reply.headers['www-authenticate']).toBe(
        'Bearer realm="default", error="insufficient_scope", scope="contacts:read contacts:write"',
      )
    })

    it('400 invalid_request when two credentials came at once', async () => {
      const headers = { ...bearer(secret), 'x-api-key': secret }
      const reply = await app.inject({ url: '/contacts', headers })
      expectProblem(reply, 'multiple_credentials')
      expect(reply.headers['www-authenticate']).toBe('Bearer realm="default", error="invalid_request"')
    })

    it('answers before it reads a body', async () => {
      const payload = 'x'.repeat(2_000_000)
      const headers = { 'content-type': 'application/json' }
      const reply = await app.inject({ method: 'POST', url: '/contacts', payload, headers })
      expectProblem(reply, 'unauthenticated')
    })
  })

  /** One key of each kind that does not open the door, and two texts that are no key at all. */
  async function refusedSecrets(app: FastifyInstance, foreign: FastifyInstance) {
    const make = (fields: NewKey = {}) => createKey(app, 'acme', fields)
    const patch = (id: string, payload: object) =>
      callAs(app, 'acme', { method: 'PATCH', url: `${KEYS}/${id}`, payload })
    const disabled = await make()
    await patch(disabled.id, { enabled: false })
    const expired = await make({ expiresAt: new Date(Date.now() + 200).toISOString() })
    const revoked = await make()
    await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${revoked.id}` })
    const test = await make({ environment: 'test' })
    const elsewhere = await createKey(foreign, 'acme', {}, '/v1/other-keys')
    await expect
      .poll(() =>
        callAs(app, 'acme', { url: `${KEYS}/${expired.id}` }).then(
          (reply) => reply.json<{ status: string }>().status,
        ),
      )
      .toBe('expired')
    return {
      malformed: 'lk_live_nonsense',
      unknown: 'lk_live_Xp2vL8qRtY4mZk9sWb3nHc7jGd5fTa0brrfA',
      elsewhere: elsewhere.secret,
      disabled: disabled.secret,
      expired: expired.secret,
      revoked: revoked.secret,
      environment: test.secret,
    }
  }

  it('tells the holder of a known key why it is refused, and nobody else', async () => {
    const { app, call } = await start({ environment: 'live' })
    const foreign = await startForeign()
    const secrets = await refusedSecrets(app, foreign)
    expectProblem(await call(secrets.malformed), 'invalid_key')
    expectProblem(await call(secrets.unknown), 'invalid_key')
    expectProblem(await call(secrets.elsewhere), 'invalid_key')
    expectProblem(await call(secrets.disabled), 'key_disabled')
    expectProblem(await call(secrets.expired), 'key_expired')
    expectProblem(await call(secrets.revoked), 'key_revoked')
    expectProblem(await call(secrets.environment), 'wrong_environment')
    await app.close()
    await foreign.close()
  })

  it("answers every key that is not good with the same bytes under rejections: 'uniform'", async () => {
    const { app, call, log } = await start({ environment: 'live', rejections: 'uniform' })
    const foreign = await startForeign()
    const secrets = await refusedSecrets(app, foreign)
    const seen = new Map<string, string>()
    for (const [kind, secret] of Object.entries(secrets)) {
      const reply = await call(secret)
      const { requestId, ...rest } = expectProblem(reply, 'invalid_key')
      const { date: _, 'content-length': length, ...headers } = reply.headers
      const body = reply.body.replace(JSON.stringify(requestId), '')
      seen.set(
        JSON.stringify([reply.statusCode, headers, Number(length) - requestId.length, body, rest]),
        kind,
      )
    }
    expect([...seen.values()]).toHaveLength(1)
    const reasons = log.entries().map((entry) => entry['reason'])
    for (const reason of ['malformed', 'unknown', 'disabled', 'expired', 'revoked', 'environment']) {
      expect(reasons).toContain(reason)
    }
    await app.close()
    await foreign.close()
  })

  it("still tells a good key under rejections: 'uniform' which scope it lacks", async () => {
    const { app, call } = await start({ rejections: 'uniform' })
    const { secret } = await createKey(app, 'acme')
    expectProblem(await call(secret, '/contacts'), 'insufficient_scope')
    await app.close()
  })

  it('refuses a key from the moment it expires, although it is in the cache', async () => {
    const { app, call } = await start()
    const expiresAt = Date.now() + 1_000
    const { secret } = await createKey(app, 'acme', { expiresAt: new Date(expiresAt).toISOString() })
    expect((await call(secret)).statusCode).toBe(200)
    while (Date.now() < expiresAt) await call(secret)
    expectProblem(await call(secret), 'key_expired')
    await app.close()
  })

  it('writes why a key was refused into the log, and never a key', async () => {
    const { app, call, log } = await start()
    const { id, secret } = await createKey(app, 'acme')
    await call(secret, '/contacts')
    await call(secret.replace('live', 'test'))
    expect(log.entries()).toContainEqual(
      expect.objectContaining({ reason: 'insufficient_scope', apiKeyId: id, msg: 'API key refused' }),
    )
    expect(log.text()).not.toContain(secret.slice(12))
    await app.close()
  })

  describe('when something goes wrong inside', () => {
    const faults: [string, () => unknown][] = [
      [
        'verify throws',
        () => {
          throw new Error('SELECT secret FROM keys')
        },
      ],
      ['verify rejects', () => Promise.reject(new Error('SELECT secret FROM keys'))],
      [
        'verify throws what is no error',
        () => {
          throw 'SELECT' as unknown
        },
      ],
    ]
    it.each(faults)('answers 503 and runs no handler: %s', async (_, fault) => {
      const { app, call, runs, log } = await start()
      const { secret } = await createKey(app, 'acme')
      Object.assign(app.latchkey, { verify: fault })
      const reply = await call(secret)
      expectProblem(reply, 'unavailable')
      expect(reply.headers['retry-after']).toBe('1')
      expect(runs()).toBe(0)
      expect(log.text()).not.toContain(secret.slice(12))
      await app.close()
    })
  })
})

describe('the hook', () => {
  const database = useEmbeddedDatabase()

  it('is done before it returns when the key is in the cache: no promise, no turn of the event loop', async () => {
    const { app } = await createApp(database())
    const { secret } = await createKey(app, 'acme')
    await app.inject({ url: '/any', headers: bearer(secret) })

    const engine: Latchkey = app.latchkey
    const keySpace = { engine, environment: undefined, rejections: 'reasons' } as const
    const hook = createRequireApiKey({ keySpace, scopes: [], anyScope: [], cost: 1, hasErrorHandler: false })
    const request = { raw: { rawHeaders: ['Authorization', `Bearer ${secret}`] }, apiKey: null }
    const done = vi.fn()
    const returned: unknown = hook.call(app, request as unknown as FastifyRequest, {} as FastifyReply, done)
    expect(done).toHaveBeenCalledExactlyOnceWith()
    expect(returned).toBeUndefined()
    expect(request.apiKey).toMatchObject({ owner: 'acme' })
    await app.close()
  })

  it('hands every request the same frozen key, so that nothing is made per request', async () => {
    const { app } = await createApp(database())
    const seen: unknown[] = []
    const { secret } = await createKey(app, 'acme')
    const verify = () => app.latchkey.verify(secret)
    await verify()
    for (const verdict of [verify(), verify()]) seen.push(verdict)
    expect(seen[0]).toBe(seen[1])
    expect(Object.isFrozen((seen[0] as { key: object }).key)).toBe(true)
    await app.close()
  })
})
