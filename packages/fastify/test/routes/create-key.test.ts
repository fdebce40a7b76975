import { randomUUID } from 'node:crypto'
import { SECRET_PATTERN } from '@latchkey/engine'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CreatedApiKey } from '../../src/index.ts'
import { bearer, callAs, createApp, KEYS, signedIn } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'
import { wrongQuotas } from '../support/wrong-quotas.ts'
import { wrongRateLimits } from '../support/wrong-rate-limits.ts'

describeOnEachDatabase('POST /v1/api-keys', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database(), { maxKeysPerOwner: 20 }))
  })
  afterAll(() => app.close())

  /** An owner of its own for each test, so that no test sees another's keys. */
  const anOwner = () => `owner_${randomUUID()}`
  const create = (owner: string, payload: object, headers: Record<string, string> = {}) =>
    callAs(app, owner, { method: 'POST', url: KEYS, payload, headers })

  describe('201', () => {
    it('shows the key and its secret, once, and says where the key is', async () => {
      const owner = anOwner()
      const reply = await create(owner, { name: '  Integration with CRM ', scopes: ['contacts:read'] })
      expect(reply.statusCode).toBe(201)
      const { apiKey, secret } = reply.json<CreatedApiKey>()
      expect(secret).toMatch(new RegExp(`^${SECRET_PATTERN}$`))
      expect(secret).toMatch(/^lk_live_/)
      expect(apiKey).toEqual({
        id: expect.stringMatching(/^key_[0-7][0-9a-hjkmnp-tv-z]{25}$/) as string,
        name: 'Integration with CRM',
        owner,
        environment: 'live',
        status: 'active',
        start: secret.slice(0, 'lk_live_'.length + 4),
        scopes: ['contacts:read'],
        metadata: {},
        kind: 'secret',
        allowedIps: [],
        allowedOrigins: [],
        blockBrowsers: false,
        rateLimits: [],
        quota: null,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        createdBy: { id: `user_of_${owner}`, name: 'Ada' },
        updatedAt: apiKey.createdAt,
        expiresAt: null,
        expiresSoon: false,
        notBefore: null,
        lastUsedAt: null,
        lastUsedAddress: null,
        version: 1,
        rotatedAt: null,
        rotateEveryDays: null,
        rotationDueAt: null,
        retiringSecret: null,
        revokedAt: null,
        revocation: null,
      })
      expect(reply.headers.location).toBe(`${KEYS}/${apiKey.id}`)

      const found = await callAs(app, owner, { url: String(reply.headers.location) })
      expect(found.json()).toEqual(apiKey)
      expect(found.body).not.toContain(secret)
    })

    it('is never stored by a cache', async () => {
      const reply = await create(anOwner(), { name: 'Cached?' })
      expect(reply.headers['cache-control']).toBe('no-store')
    })

    it('makes a key that works at once', async () => {
      const owner = anOwner()
      const { secret } = (await create(owner, { name: 'First' })).json<CreatedApiKey>()
      const reply = await app.inject({ url: '/any', headers: bearer(secret) })
      expect(reply.json()).toMatchObject({ owner })
    })

    it('takes every field', async () => {
      const fields = {
        name: 'Ключ 🗝️ للتكامل',
        environment: 'test',
        scopes: ['contacts:write', 'contacts:read'],
        expiresAt: '2999-12-31T23:59:59+02:00',
        metadata: { team: 'sales', nested: { list: [1, 2.5, null, true, 'ü'] } },
        rateLimits: [
          { name: 'burst', limit: 1, windowSeconds: 1 },
          { name: 'a'.repeat(32), limit: 1_000_000, windowSeconds: 3_600 },
          { name: 'l-3_x', limit: 10, windowSeconds: 60 },
          { name: 'l4', limit: 10, windowSeconds: 60 },
        ],
      }
      const { apiKey, secret } = (await create(anOwner(), fields)).json<CreatedApiKey>()
      expect(secret).toMatch(/^lk_test_/)
      expect(apiKey).toMatchObject({ ...fields, expiresAt: '2999-12-31T21:59:59.000Z' })
    })

    it.each([
      '<img src=x onerror=alert(1)>',
      '{{7*7}}',
      '${7*7}',
      "'; DROP TABLE keys; --",
      '=HYPERLINK("x")',
    ])('keeps the name %s as text', async (name) => {
      const reply = await create(anOwner(), { name })
      expect(reply.json<CreatedApiKey>().apiKey.name).toBe(name)
    })

    it('composes and trims a name, and takes 64 characters of it', async () => {
      const name = ` ${'e\u0301'.repeat(64)} `
      const reply = await create(anOwner(), { name })
      expect(reply.json<CreatedApiKey>().apiKey.name).toBe('é'.repeat(64))
    })
  })

  describe('201 with Idempotency-Key', () => {
    it('answers a repetition with the same key and secret, and creates nothing', async () => {
      const owner = anOwner()
      const headers = { 'idempotency-key': randomUUID() }
      const first = await create(owner, { name: 'Once', metadata: { a: 1, b: 2 } }, headers)
      const second = await create(owner, { metadata: { b: 2, a: 1 }, name: 'Once' }, headers)
      expect(second.statusCode).toBe(201)
      expect(second.json()).toEqual(first.json())
      expect(first.headers['idempotency-replayed']).toBeUndefined()
      expect(second.headers['idempotency-replayed']).toBe('true')
      const list = await callAs(app, owner, { url: KEYS })
      expect(list.json<{ data: unknown[] }>().data).toHaveLength(1)
    })

    it('shows the secret of a revoked key to nobody again', async () => {
      const owner = anOwner()
      const headers = { 'idempotency-key': randomUUID() }
      const first = await create(owner, { name: 'Once' }, headers)
      const { id } = first.json<CreatedApiKey>().apiKey
      await callAs(app, owner, { method: 'DELETE', url: `${KEYS}/${id}` })
      expectProblem(await create(owner, { name: 'Once' }, headers), 'already_revoked')
    })

    it('takes the quotes of a structured field for what they are', async () => {
      const owner = anOwner()
      const id = randomUUID()
      const first = await create(owner, { name: 'Once' }, { 'idempotency-key': `"${id}"` })
      const second = await create(owner, { name: 'Once' }, { 'idempotency-key': id })
      expect(second.json()).toEqual(first.json())
    })

    it('creates exactly one key however many repetitions arrive at once', async () => {
      const owner = anOwner()
      const headers = { 'idempotency-key': randomUUID() }
      const replies = await Promise.all(
        Array.from({ length: 10 }, () => create(owner, { name: 'Once' }, headers)),
      )
      const made = replies.filter(({ statusCode }) => statusCode === 201)
      const waiting = replies.filter(({ statusCode }) => statusCode === 409)
      expect(made.length).toBeGreaterThan(0)
      expect(made.length + waiting.length).toBe(10)
      expect(new Set(made.map((reply) => reply.json<CreatedApiKey>().secret)).size).toBe(1)
      for (const reply of waiting) expectProblem(reply, 'idempotency_in_flight')
      const list = await callAs(app, owner, { url: KEYS })
      expect(list.json<{ data: unknown[] }>().data).toHaveLength(1)
    })

    it("never repeats another person's reply", async () => {
      const headers = { 'idempotency-key': randomUUID() }
      const mine = await create(anOwner(), { name: 'Once' }, headers)
      const theirs = await create(anOwner(), { name: 'Once' }, headers)
      expect(theirs.json<CreatedApiKey>().secret).not.toBe(mine.json<CreatedApiKey>().secret)
      expect(theirs.headers['idempotency-replayed']).toBeUndefined()
    })
  })

  describe('400', () => {
    const refused = async (payload: object, field: string, headers: Record<string, string> = {}) => {
      const owner = anOwner()
      const reply = await create(owner, payload, headers)
      const { errors } = expectProblem(reply, 'invalid_request')
      expect(errors?.map((error) => error.field)).toContain(field)
      const list = await callAs(app, owner, { url: KEYS })
      expect(list.json<{ data: unknown[] }>().data).toEqual([])
    }

    it.each([
      'id',
      'owner',
      'ownerId',
      'userId',
      'tenantId',
      'namespace',
      'role',
      'hash',
      'start',
      'secret',
      'status',
      'remaining',
      'createdAt',
      'createdBy',
      'lastUsedAt',
    ])('refuses the field %s by name: it is not for the caller to set', (field) =>
      refused({ name: 'Mine', [field]: 'x' }, field),
    )

    it.each([
      ['name', {}],
      ['name', { name: null }],
      ['name', { name: 7 }],
      ['name', { name: ['a'] }],
      ['environment', { name: 'a', environment: 'prod' }],
      ['environment', { name: 'a', environment: null }],
      ['scopes', { name: 'a', scopes: 'contacts:read' }],
      ['scopes.0', { name: 'a', scopes: [1] }],
      ['scopes', { name: 'a', scopes: ['contacts:destroy'] }],
      ['scopes', { name: 'a', scopes: ['__proto__'] }],
      ['scopes', { name: 'a', scopes: ['toString'] }],
      ['scopes', { name: 'a', scopes: Array.from({ length: 101 }, () => 'contacts:read') }],
      ...[...wrongRateLimits, ...wrongQuotas].map(([field, fields]): [string, object] => [
        field,
        { name: 'a', ...fields },
      ]),
      ['quota.remaining', { name: 'a', quota: { limit: 5, period: 'day', remaining: 3 } }],
      ['expiresAt', { name: 'a', expiresAt: 'tomorrow' }],
      ['expiresAt', { name: 'a', expiresAt: 4_102_444_800 }],
      ['expiresAt', { name: 'a', expiresAt: '2001-01-01T00:00:00Z' }],
      ['expiresAt', { name: 'a', expiresAt: '2999-12-31T23:59:60Z' }],
      ['expiresAt', { name: 'a', expiresAt: '9999-12-31T23:59:59-23:59' }],
      ['expiresAt', { name: 'a', expiresAt: '' }],
      ['metadata', { name: 'a', metadata: [] }],
      ['metadata', { name: 'a', metadata: null }],
      ['metadata', { name: 'a', metadata: { text: 'nul \u0000' } }],
      ['metadata', { name: 'a', metadata: { text: 'x'.repeat(4_096) } }],
    ])('refuses a wrong %s: %j', (field, payload) => refused(payload, field))

    it.each([
      ['empty', ''],
      ['blank', ' \u00a0\t'],
      ['65 characters', 'a'.repeat(65)],
      ['a megabyte short of the limit', 'a'.repeat(15_000)],
      ['U+0000', 'a\u0000b'],
      ['a line break', 'a\r\nSet-Cookie: x'],
      ['a C1 control', 'a\u0085b'],
      ['a right-to-left override', 'a\u202eb'],
      ['an isolate', 'a\u2066b'],
      ['a lone surrogate', 'a\ud800b'],
      ['zero-width characters alone', '\u200b\u200d\ufeff'],
    ])('refuses a name that is %s', (_, name) => refused({ name }, 'name'))

    it.each([
      ['too short', 'short'],
      ['too long', 'k'.repeat(256)],
      ['a list', `${randomUUID()}, ${randomUUID()}`],
      ['not ASCII', 'schlüssel-schlüssel'],
      ['half quoted', `"${randomUUID()}`],
    ])('refuses an Idempotency-Key that is %s', (_, key) =>
      refused({ name: 'a' }, 'idempotency-key', { 'idempotency-key': key }),
    )

    it('refuses an Idempotency-Key that was sent twice', async () => {
      const reply = await app.inject({
        method: 'POST',
        url: KEYS,
        payload: { name: 'a' },
        headers: { ...signedIn('acme'), 'idempotency-key': [randomUUID(), randomUUID()] as never },
      })
      expectProblem(reply, 'invalid_request')
    })

    it.each([null, 7, 'text', [], [{ name: 'a' }]])('refuses the body %j: it is no object', async (body) => {
      const reply = await callAs(app, 'acme', {
        method: 'POST',
        url: KEYS,
        payload: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      })
      expect(expectProblem(reply, 'invalid_request').errors?.[0]?.field).toBe('body')
    })

    it('refuses a request without a body', async () => {
      expectProblem(await callAs(app, 'acme', { method: 'POST', url: KEYS }), 'invalid_request')
    })

    it('tells of the first twenty things that are wrong, and shortens what the caller made up', async () => {
      const fields = Array.from({ length: 50 }, (_, index) => [`${index}${'x'.repeat(150)}`, 1])
      const reply = await create('acme', Object.fromEntries(fields) as object)
      const { errors } = expectProblem(reply, 'invalid_request')
      expect(errors).toHaveLength(20)
      for (const { field } of errors ?? []) expect(field.length).toBeLessThanOrEqual(100)
    })
  })

  describe('401', () => {
    it('asks a stranger to sign in, before it looks at the body', async () => {
      const reply = await app.inject({ method: 'POST', url: KEYS, payload: { owner: 'acme', userId: 'x' } })
      expectProblem(reply, 'unauthenticated')
      expect(reply.headers['www-authenticate']).toBe('Session realm="default"')
    })
  })

  describe('403', () => {
    it('does not take an API key for a person: a key without the scope makes no keys', async () => {
      const { secret } = (await create(anOwner(), { name: 'Key' })).json<CreatedApiKey>()
      const reply = await app.inject({
        method: 'POST',
        url: KEYS,
        payload: { name: 'Child' },
        headers: bearer(secret),
      })
      expectProblem(reply, 'insufficient_scope')
    })

    it('refuses a viewer', async () => {
      const owner = anOwner()
      const reply = await callAs(app, owner, { method: 'POST', url: KEYS, payload: { name: 'a' } }, 'viewer')
      expectProblem(reply, 'forbidden')
    })

    it.each(['owner', 'admin', 'developer'] as const)('lets an %s in', async (role) => {
      const reply = await callAs(app, anOwner(), { method: 'POST', url: KEYS, payload: { name: 'a' } }, role)
      expect(reply.statusCode).toBe(201)
    })
  })

  describe('409', () => {
    it('refuses one key more than an owner may have, and counts revoked ones no longer', async () => {
      const owner = anOwner()
      const ids: string[] = []
      for (let index = 0; index < 20; index += 1) {
        ids.push((await create(owner, { name: 'a' })).json<CreatedApiKey>().apiKey.id)
      }
      expectProblem(await create(owner, { name: 'one too many' }), 'too_many_keys')
      await callAs(app, owner, { method: 'DELETE', url: `${KEYS}/${ids[0]}` })
      expect((await create(owner, { name: 'fits again' })).statusCode).toBe(201)
    })
  })

  describe('422', () => {
    it('refuses an Idempotency-Key that came with another body', async () => {
      const owner = anOwner()
      const headers = { 'idempotency-key': randomUUID() }
      await create(owner, { name: 'First' }, headers)
      expectProblem(await create(owner, { name: 'Second' }, headers), 'idempotency_mismatch')
    })
  })
})
