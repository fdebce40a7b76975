import { generateSecret, MAX_WRONG_SECRETS_PER_MINUTE } from '@latchkey/engine'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ApiKeyVerdict, ApiKeyVerdicts, VerifyApiKey } from '../../src/index.ts'
import { bearer, callAs, createApp, createKey, createServiceKey, KEYS } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

const VERIFY = `${KEYS}/verify`
const madeUp = () => generateSecret({ prefix: 'lk', environment: 'live' })
const NOTHING = { apiKey: null, rateLimits: [], retryAfterSeconds: null }

describeOnEachDatabase('POST /v1/api-keys/verify', (database) => {
  let app: FastifyInstance
  let log: Awaited<ReturnType<typeof createApp>>['log']
  let service: string
  beforeAll(async () => {
    ;({ app, log } = await createApp(database()))
    service = await createServiceKey(app)
  })
  afterAll(() => app.close())

  const post = (payload: object, headers: Record<string, string> = bearer(service)) =>
    app.inject({ method: 'POST', url: VERIFY, payload, headers })
  async function verdictOn(request: VerifyApiKey): Promise<ApiKeyVerdict> {
    const reply = await post(request)
    expect(reply.statusCode).toBe(200)
    expect(reply.headers['cache-control']).toBe('no-store')
    return reply.json()
  }
  const patch = (owner: string, id: string, payload: object) =>
    callAs(app, owner, { method: 'PATCH', url: `${KEYS}/${id}`, payload })

  describe('200, valid', () => {
    it('tells whose key it is and what it may', async () => {
      const { id, secret } = await createKey(app, 'acme', { scopes: ['contacts:read', 'contacts:write'] })
      await patch('acme', id, { metadata: { team: 'sales', levels: [1, { deep: true }] } })
      expect(await verdictOn({ secret, scopes: ['contacts:read'] })).toEqual({
        valid: true,
        code: 'valid',
        apiKey: {
          id,
          owner: 'acme',
          name: 'Test',
          environment: 'live',
          scopes: ['contacts:read', 'contacts:write'],
          metadata: { team: 'sales', levels: [1, { deep: true }] },
        },
        rateLimits: [],
        retryAfterSeconds: null,
      })
    })

    it('takes what it costs from the limits of the key, and tells how they stand', async () => {
      const rateLimits = [{ name: 'burst', limit: 10, windowSeconds: 60 }]
      const { secret } = await createKey(app, 'acme', { rateLimits })
      const state = (remaining: number) => [
        { ...rateLimits[0], remaining, resetSeconds: expect.any(Number) as number },
      ]
      expect((await verdictOn({ secret })).rateLimits).toEqual(state(9))
      expect((await verdictOn({ secret, cost: 0 })).rateLimits).toEqual(state(9))
      expect((await verdictOn({ secret, cost: 9 })).rateLimits).toEqual(state(0))
      const refused = await verdictOn({ secret })
      expect(refused).toMatchObject({
        valid: false,
        code: 'rate_limited',
        rateLimits: state(0),
        apiKey: { owner: 'acme' },
      })
      expect(refused.retryAfterSeconds).toBeGreaterThan(0)
      expect(await verdictOn({ secret, cost: 11 })).toMatchObject({
        code: 'rate_limited',
        retryAfterSeconds: null,
      })
    })

    it('takes it from the quota of the key as well, never more than there is', async () => {
      const { secret } = await createKey(app, 'acme', { quota: { limit: 3, period: 'day', timeZone: 'UTC' } })
      expect(await verdictOn({ secret, cost: 2 })).toMatchObject({ valid: true })
      const refused = await verdictOn({ secret, cost: 2 })
      expect(refused).toMatchObject({ valid: false, code: 'quota_exceeded', apiKey: { owner: 'acme' } })
      expect(refused.retryAfterSeconds).toBeGreaterThan(0)
      expect(await verdictOn({ secret })).toMatchObject({ valid: true })
    })

    it('takes one of several scopes, beside those that it must have', async () => {
      const { secret } = await createKey(app, 'acme', { scopes: ['contacts:read'] })
      const anyScope = ['contacts:write', 'contacts:read']
      expect(await verdictOn({ secret, anyScope })).toMatchObject({ valid: true })
      expect(await verdictOn({ secret, anyScope: ['contacts:write'] })).toMatchObject({
        code: 'insufficient_scope',
      })
      expectProblem(await post({ secret, anyScope: [] }), 'invalid_request')
      expectProblem(await post({ secret, anyScope: ['contacts:raed'] }), 'invalid_request')
    })

    it('counts as a use of the key, from the address that the service names', async () => {
      const { id, secret } = await createKey(app, 'acme')
      await verdictOn({ secret, ip: '2001:db8::17' })
      const read = async () =>
        (await callAs(app, 'acme', { url: `${KEYS}/${id}` })).json<{ lastUsedAddress: string | null }>()
      await vi.waitUntil(async () => (await read()).lastUsedAddress === '2001:db8::17', {
        timeout: 20_000,
        interval: 250,
      })
      expect(await read()).toMatchObject({ lastUsedAddress: '2001:db8::17' })
    })
  })

  describe('200, not valid', () => {
    it('tells nobody an unknown key from a malformed one', async () => {
      const answers = [madeUp(), 'nonsense', '', 'x'.repeat(10_000), `${madeUp()}x`, 'lk_live_\u0000']
      for (const secret of answers) {
        expect(await verdictOn({ secret })).toEqual({ valid: false, code: 'invalid_key', ...NOTHING })
      }
    })

    it.each([
      ['key_disabled', (id: string) => patch('acme', id, { enabled: false })],
      ['key_revoked', (id: string) => callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${id}` })],
    ] as const)('%s, with the key that it was', async (code, end) => {
      const { id, secret } = await createKey(app, 'acme')
      await end(id)
      expect(await verdictOn({ secret })).toMatchObject({ valid: false, code, apiKey: { id } })
    })

    it('key_expired, insufficient_scope, wrong_environment', async () => {
      const expired = await createKey(app, 'acme', { expiresAt: new Date(Date.now() + 50).toISOString() })
      const { secret } = await createKey(app, 'acme', { scopes: ['contacts:read'] })
      expect(await verdictOn({ secret, scopes: ['contacts:read', 'contacts:write'] })).toMatchObject({
        valid: false,
        code: 'insufficient_scope',
      })
      expect(await verdictOn({ secret, environment: 'test' })).toMatchObject({
        valid: false,
        code: 'wrong_environment',
      })
      await vi.waitUntil(async () => !(await verdictOn({ secret: expired.secret })).valid)
      expect(await verdictOn({ secret: expired.secret })).toMatchObject({ valid: false, code: 'key_expired' })
    })

    it("is one answer for all who are no good under rejections: 'uniform'", async () => {
      const { app: uniform } = await createApp(database(), { rejections: 'uniform' })
      const { id, secret } = await createKey(app, 'acme')
      await patch('acme', id, { enabled: false })
      const reply = await uniform.inject({
        method: 'POST',
        url: VERIFY,
        payload: { secret },
        headers: bearer(service),
      })
      expect(reply.json()).toEqual({ valid: false, code: 'invalid_key', ...NOTHING })
      await uniform.close()
    })
  })

  describe('wrong keys, one after the other', () => {
    it('count against the address that is named, and never against the service', async () => {
      const ip = '198.51.100.7'
      // The more time this takes, the more of them are forgiven meanwhile.
      const guess = () => verdictOn({ secret: madeUp(), ip })
      let guesses = 0
      let verdict = await guess()
      for (; verdict.code === 'invalid_key'; verdict = await guess()) guesses++
      expect(guesses).toBeGreaterThanOrEqual(MAX_WRONG_SECRETS_PER_MINUTE)
      expect(verdict).toEqual({ ...NOTHING, valid: false, code: 'too_many_attempts', retryAfterSeconds: 1 })

      const { secret } = await createKey(app, 'acme')
      expect((await verdictOn({ secret, ip })).code).toBe('valid')
      expect((await verdictOn({ secret: madeUp(), ip: '198.51.100.8' })).code).toBe('invalid_key')
      expect((await verdictOn({ secret: madeUp() })).code).toBe('invalid_key')
      expectProblem(await post({ secret }, bearer(madeUp())), 'invalid_key')
    })

    it('count against nobody where no address is named', async () => {
      for (let i = 0; i < MAX_WRONG_SECRETS_PER_MINUTE + 3; i++) {
        expect((await verdictOn({ secret: 'nonsense' })).code).toBe('invalid_key')
      }
    })
  })

  describe('400', () => {
    it.each([
      ['secret', {}],
      ['secret', { secret: 7 }],
      ['scopes', { secret: 'x', scopes: 'contacts:read' }],
      ['scopes', { secret: 'x', scopes: ['contacts:raed'] }],
      ['scopes', { secret: 'x', scopes: ['latchkey:verify'] }],
      ['environment', { secret: 'x', environment: 'prod' }],
      ['cost', { secret: 'x', cost: -1 }],
      ['cost', { secret: 'x', cost: 1_000_001 }],
      ['ip', { secret: 'x', ip: 'localhost' }],
      ['ip', { secret: 'x', ip: '999.1.1.1' }],
      ['owner', { secret: 'x', owner: 'acme' }],
    ])('names %s as what is wrong with %j', async (field, payload) => {
      const { errors } = expectProblem(await post(payload), 'invalid_request')
      expect(errors?.map((error) => error.field)).toContain(field)
    })

    it('refuses an environment that this API does not have', async () => {
      const { app: live } = await createApp(database(), { environment: 'live' })
      const ask = (payload: object) =>
        live.inject({ method: 'POST', url: VERIFY, payload, headers: bearer(service) })
      expectProblem(await ask({ secret: madeUp(), environment: 'test' }), 'invalid_request')
      const test = await createKey(app, 'acme', { environment: 'test' })
      expect((await ask({ secret: test.secret })).json()).toMatchObject({ code: 'wrong_environment' })
      await live.close()
    })
  })

  it('asks the service for its own key, and for the scope, before it looks at the body', async () => {
    expectProblem(await post({}, {}), 'unauthenticated')
    expectProblem(await post({}, bearer(madeUp())), 'invalid_key')
    const { secret } = await createKey(app, 'acme', { scopes: ['keys:read', 'keys:write', 'contacts:read'] })
    const reply = await post({}, bearer(secret))
    expectProblem(reply, 'insufficient_scope')
    expect(reply.headers['www-authenticate']).toContain('scope="latchkey:verify"')
  })

  it('logs none of the secrets', async () => {
    const { secret } = await createKey(app, 'acme')
    await verdictOn({ secret })
    await post({ secret: { secret } })
    expect(log.text()).not.toContain(secret.slice(12))
    expect(log.text()).not.toContain(service.slice(12))
  })

  describe('/batch', () => {
    const batch = (requests: unknown, more: object = {}) =>
      app.inject({
        method: 'POST',
        url: `${VERIFY}/batch`,
        payload: { requests, ...more },
        headers: bearer(service),
      })

    it('answers each in its place, and what is wrong with one is no matter of the others', async () => {
      const first = await createKey(app, 'acme', { scopes: ['contacts:read'] })
      const second = await createKey(app, 'globex')
      const reply = await batch([
        { secret: first.secret, scopes: ['contacts:read'] },
        { secret: 7, role: 'admin' },
        { secret: second.secret, scopes: ['contacts:read'] },
        'text',
        { secret: second.secret, scopes: ['contacts:raed'] },
        { secret: 'nonsense' },
        { secret: second.secret },
      ])
      expect(reply.statusCode).toBe(200)
      const { data } = reply.json<ApiKeyVerdicts>()
      expect(data.map(({ code }) => code)).toEqual([
        'valid',
        'invalid_request',
        'insufficient_scope',
        'invalid_request',
        'invalid_request',
        'invalid_key',
        'valid',
      ])
      expect(data.map(({ valid }) => valid)).toEqual([true, false, false, false, false, false, true])
      expect(data[0]!.apiKey).toMatchObject({ owner: 'acme' })
      expect(data[6]!.apiKey).toMatchObject({ owner: 'globex' })
      expect(data[1]!.errors!.map(({ field }) => field).sort()).toEqual(['role', 'secret'])
      expect(data[3]!.errors).toEqual([{ field: 'request', message: 'must be object' }])
      expect(data[4]!.errors![0]!.field).toBe('scopes')
    })

    it('takes a hundred, each of which takes its own from a limit', async () => {
      const rateLimits = [{ name: 'burst', limit: 60, windowSeconds: 60 }]
      const { secret } = await createKey(app, 'acme', { rateLimits })
      const scopes = ['contacts:read']
      const { secret: weak } = await createKey(app, 'acme', { rateLimits })
      const reply = await batch(
        Array.from({ length: 100 }, (_, i) => (i < 80 ? { secret } : { secret: weak, scopes })),
      )
      const codes = Map.groupBy(reply.json<ApiKeyVerdicts>().data, ({ code }) => code)
      expect([...codes].map(([code, { length }]) => [code, length])).toEqual([
        ['valid', 60],
        ['rate_limited', 20],
        ['insufficient_scope', 20],
      ])
    })

    it.each<[string, unknown, object?]>([
      ['101', Array.from({ length: 101 }, () => ({ secret: 'x' }))],
      ['none', []],
      ['no list', { secret: 'x' }],
      ['a field beside them', [{ secret: 'x' }], { role: 'admin' }],
    ])('400: %s', async (_, requests, more) => {
      expectProblem(await batch(requests, more), 'invalid_request')
    })
  })
})
