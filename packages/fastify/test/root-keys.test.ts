import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { generateSecret } from '@latchkey/engine'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ApiKeyList, CreatedApiKey, LatchkeyPluginOptions } from '../src/index.ts'
import {
  authorize,
  bearer,
  callAs,
  createApp,
  createKey,
  createServiceKey,
  KEYS,
  signedIn,
  type NewKey,
} from './support/app.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'
import { listen } from './support/raw-http.ts'

const ROOT = ['keys:read', 'keys:write']
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()

describeOnEachDatabase('a key that manages keys', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database()))
  })
  afterAll(() => app.close())

  const anOwner = () => `owner_${randomUUID()}`
  const create = (secret: string, payload: object, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: KEYS,
      payload: { name: 'Made', ...payload },
      headers: { ...bearer(secret), ...headers },
    })
  const change = (secret: string, id: string, payload: object) =>
    app.inject({ method: 'PATCH', url: `${KEYS}/${id}`, payload, headers: bearer(secret) })
  const remove = (secret: string, id: string) =>
    app.inject({ method: 'DELETE', url: `${KEYS}/${id}`, headers: bearer(secret) })

  describe('of its owner', () => {
    it('creates, lists, reads, changes and deletes, in either header, and signs what it does', async () => {
      const owner = anOwner()
      const root = await createKey(app, owner, { scopes: [...ROOT, 'contacts:read'] })
      const made = await create(root.secret, { scopes: ['contacts:read'] })
      expect(made.statusCode).toBe(201)
      const { apiKey, secret } = made.json<CreatedApiKey>()
      expect(apiKey).toMatchObject({ owner, createdBy: { id: root.id, name: 'Test' } })
      expect((await app.inject({ url: '/contacts', headers: bearer(secret) })).statusCode).toBe(200)

      const list = await app.inject({ url: KEYS, headers: { 'x-api-key': root.secret } })
      expect(
        list
          .json<ApiKeyList>()
          .data.map(({ id }) => id)
          .sort(),
      ).toEqual([root.id, apiKey.id].sort())
      expect((await change(root.secret, apiKey.id, { name: 'Renamed' })).json()).toMatchObject({
        apiKey: { name: 'Renamed' },
      })
      expect(
        (await app.inject({ url: `${KEYS}/${apiKey.id}/usage`, headers: bearer(root.secret) })).statusCode,
      ).toBe(200)
      expect((await remove(root.secret, apiKey.id)).statusCode).toBe(200)
      expect((await app.inject({ url: '/contacts', headers: bearer(secret) })).statusCode).toBe(401)
    })

    it('makes one key of a repeated request', async () => {
      const root = await createKey(app, anOwner(), { scopes: ROOT })
      const headers = { 'idempotency-key': randomUUID() }
      const [first, second] = [await create(root.secret, {}, headers), await create(root.secret, {}, headers)]
      expect(second.json()).toEqual(first.json())
    })

    it('never touches the keys of another owner', async () => {
      const root = await createKey(app, anOwner(), { scopes: [...ROOT, 'contacts:read'] })
      const other = await createKey(app, anOwner(), { scopes: ['contacts:read'] })
      for (const reply of [
        await change(root.secret, other.id, { enabled: false }),
        await remove(root.secret, other.id),
      ]) {
        expectProblem(reply, 'not_found')
      }
      expect((await app.inject({ url: '/contacts', headers: bearer(other.secret) })).statusCode).toBe(200)
    })

    it('is judged as every key: by its limits, its state and the environment', async () => {
      const owner = anOwner()
      const rateLimits = [{ name: 'slow', limit: 1, windowSeconds: 60 }]
      const limited = await createKey(app, owner, { scopes: ROOT, rateLimits })
      expect((await create(limited.secret, {})).statusCode).toBe(201)
      const tooMany = await create(limited.secret, {})
      expect(expectProblem(tooMany, 'rate_limited')['violated-policies']).toEqual(['slow'])
      expect(tooMany.headers['retry-after']).toBeDefined()

      const disabled = await createKey(app, owner, { scopes: ROOT })
      await callAs(app, owner, {
        method: 'PATCH',
        url: `${KEYS}/${disabled.id}`,
        payload: { enabled: false },
      })
      expectProblem(await create(disabled.secret, {}), 'key_disabled')

      const { app: live } = await createApp(database(), { environment: 'live' })
      const test = await createKey(app, owner, { scopes: ROOT, environment: 'test' })
      expectProblem(await live.inject({ url: KEYS, headers: bearer(test.secret) }), 'wrong_environment')
      await live.close()
    })
  })

  describe('never goes beyond itself', () => {
    it('gets the new secret of a key within it, and of no other', async () => {
      const owner = anOwner()
      const root = await createKey(app, owner, { scopes: [...ROOT, 'contacts:read'] })
      const within = await createKey(app, owner, { scopes: ['contacts:read'] })
      const beyond = await createKey(app, owner, { scopes: ['contacts:write'] })
      const call = (id: string, method: 'POST' | 'PATCH', part: string, payload: object) =>
        app.inject({ method, url: `${KEYS}/${id}/${part}`, payload, headers: bearer(root.secret) })

      expect((await call(within.id, 'POST', 'rotate', {})).statusCode).toBe(200)
      expectProblem(await call(beyond.id, 'POST', 'rotate', {}), 'beyond_grant')
      expect((await app.inject({ url: '/any', headers: bearer(beyond.secret) })).statusCode).toBe(200)

      const rotate = { method: 'POST', url: `${KEYS}/${beyond.id}/rotate` } as const
      await callAs(app, owner, { ...rotate, payload: { gracePeriodSeconds: 600 } })
      const retire = (gracePeriodSeconds: number) =>
        call(beyond.id, 'PATCH', 'retiring-secret', { gracePeriodSeconds })
      expectProblem(await retire(3_600), 'beyond_grant')
      expect((await retire(0)).statusCode).toBe(200)
      expectProblem(await app.inject({ url: '/any', headers: bearer(beyond.secret) }), 'key_retired')
    })

    it('has no say in the policy that it lives by', async () => {
      const root = await createKey(app, anOwner(), { scopes: ROOT })
      const asked = { method: 'PUT', url: `${KEYS}/policy`, payload: { expiry: null } } as const
      expectProblem(await app.inject({ ...asked, headers: bearer(root.secret) }), 'forbidden')
    })

    it.each<[string, NewKey, object, RegExp]>([
      [
        'a scope it lacks',
        { scopes: [...ROOT, 'contacts:read'] },
        { scopes: ['contacts:read', 'contacts:write'] },
        /: contacts:write\./,
      ],
      [
        'a reserved scope it lacks',
        { scopes: ['keys:write'] },
        { scopes: ['keys:write', 'keys:read'] },
        /: keys:read\./,
      ],
      ['the scope of gateways', { scopes: ROOT }, { scopes: ['latchkey:verify'] }, /latchkey:verify/],
      ['no expiry', { scopes: ROOT, expiresAt: inHours(1) }, {}, /expire/],
      ['a later expiry', { scopes: ROOT, expiresAt: inHours(1) }, { expiresAt: inHours(2) }, /expire/],
      ['the other environment', { scopes: ROOT, environment: 'test' }, { environment: 'live' }, /test keys/],
    ])('giving %s is 403, and makes nothing', async (_, own, wanted, detail) => {
      const owner = anOwner()
      const root = await createKey(app, owner, own)
      expect(expectProblem(await create(root.secret, wanted), 'beyond_grant').detail).toMatch(detail)
      const list = await callAs(app, owner, { url: KEYS })
      expect(list.json<ApiKeyList>().data).toHaveLength(1)
    })

    it('not by changing itself, nor another key, nor by a key that it made', async () => {
      const owner = anOwner()
      const expiresAt = inHours(1)
      const root = await createKey(app, owner, { scopes: [...ROOT, 'contacts:read'], expiresAt })
      const made = (await create(root.secret, { scopes: ROOT, expiresAt })).json<CreatedApiKey>()
      const all = { scopes: [...ROOT, 'contacts:read', 'contacts:write'] }
      for (const [secret, id, payload] of [
        [root.secret, root.id, all],
        [root.secret, root.id, { expiresAt: null }],
        [root.secret, made.apiKey.id, all],
        [made.secret, root.id, { name: 'Mine' }],
        [made.secret, made.apiKey.id, { scopes: ['contacts:read'] }],
      ] as const) {
        expectProblem(await change(secret, id, payload), 'beyond_grant')
      }
    })

    it('a key that holds more can be disabled and deleted, and nothing else', async () => {
      const owner = anOwner()
      const root = await createKey(app, owner, { scopes: ROOT })
      const strong = await createKey(app, owner, { scopes: ['contacts:write'] })
      expectProblem(await change(root.secret, strong.id, { name: 'Mine' }), 'beyond_grant')
      expect((await change(root.secret, strong.id, { enabled: false })).statusCode).toBe(200)
      expectProblem(await change(root.secret, strong.id, { enabled: true }), 'beyond_grant')
      expect((await remove(root.secret, strong.id)).statusCode).toBe(200)
    })

    it('a key of one environment leaves those of the other alone', async () => {
      const owner = anOwner()
      const root = await createKey(app, owner, { scopes: ROOT, environment: 'test' })
      const live = await createKey(app, owner)
      expectProblem(await change(root.secret, live.id, { enabled: false }), 'beyond_grant')
      expectProblem(await remove(root.secret, live.id), 'beyond_grant')
      expect((await app.inject({ url: '/any', headers: bearer(live.secret) })).statusCode).toBe(200)
    })

    it('a body cannot say what may be handed out', async () => {
      const root = await createKey(app, anOwner(), { scopes: ROOT })
      const grant = { scopes: null, expiresAt: null, environment: null }
      const reply = await create(root.secret, { scopes: ['contacts:read'], grant })
      expect(expectProblem(reply, 'invalid_request').errors?.[0]?.field).toBe('grant')
    })

    it('a key cannot hand out the scope of gateways, though it has it', async () => {
      const scopes = ['keys:write', 'latchkey:verify']
      expectProblem(await create(await createServiceKey(app, scopes), { scopes }), 'beyond_grant')
    })

    it('a person cannot hand out the scope of gateways either', async () => {
      const owner = anOwner()
      for (const role of ['owner', 'admin', 'developer'] as const) {
        const payload = { name: 'Gateway', scopes: ['latchkey:verify'] }
        expectProblem(await callAs(app, owner, { method: 'POST', url: KEYS, payload }, role), 'beyond_grant')
      }
    })
  })

  describe('ends when it is revoked', () => {
    it('also for a request whose body was held back until afterwards', async () => {
      const { app: slow } = await createApp(database())
      const port = await listen(slow)
      const owner = anOwner()
      const root = await createKey(slow, owner, { scopes: ROOT })
      const body = '{"name":"Too late"}'
      const socket = connect(port, '127.0.0.1')
      let reply = ''
      socket.on('data', (bytes: Buffer) => (reply += bytes.toString()))
      const head = ['POST ' + KEYS + ' HTTP/1.1', 'Host: x', `Authorization: Bearer ${root.secret}`]
      socket.write(
        [...head, 'Content-Type: application/json', `Content-Length: ${body.length}`, '', '{'].join('\r\n'),
      )
      // The key has been judged when its use is on the way; the rest of the body comes after its end.
      await new Promise((resolve) => setTimeout(resolve, 200))
      await callAs(slow, owner, { method: 'DELETE', url: `${KEYS}/${root.id}` })
      socket.write(body.slice(1))
      await vi.waitUntil(() => reply !== '', { timeout: 5_000 })
      expect(reply).toMatch(/^HTTP\/1.1 401 [^]*"code":"key_revoked"/)
      const list = await callAs(slow, owner, { url: KEYS })
      expect(list.json<ApiKeyList>().data).toEqual([])
      socket.destroy()
      await slow.close()
    })

    it('and so does what it may, once a scope is taken from it', async () => {
      const owner = anOwner()
      const root = await createKey(app, owner, { scopes: [...ROOT, 'contacts:read'] })
      await callAs(app, owner, { method: 'PATCH', url: `${KEYS}/${root.id}`, payload: { scopes: ROOT } })
      expectProblem(await create(root.secret, { scopes: ['contacts:read'] }), 'beyond_grant')
    })
  })

  describe('beside what the host knows people by', () => {
    const asked: string[] = []
    const ofTheHost: LatchkeyPluginOptions['authorize'] = (request) => {
      asked.push(request.headers.authorization ?? '')
      return request.headers.authorization === 'Bearer session-of-ada'
        ? { owner: 'acme', actor: { id: 'ada', name: 'Ada' }, role: 'admin' }
        : authorize(request)
    }
    let host: FastifyInstance
    beforeAll(async () => {
      ;({ app: host } = await createApp(database(), { authorize: ofTheHost }))
    })
    afterAll(() => host.close())
    const list = (headers: InjectOptions['headers']) => host.inject({ url: KEYS, headers: headers! })

    it('a token of the host’s own reaches the host, in whatever header', async () => {
      expect((await list({ authorization: 'Bearer session-of-ada' })).statusCode).toBe(200)
      expect(
        (await list({ authorization: 'Bearer session-of-ada', 'x-api-key': 'key-of-a-gateway' })).statusCode,
      ).toBe(200)
      expectProblem(await list({ authorization: 'Bearer session-of-eve' }), 'unauthenticated')
      expectProblem(
        await list(bearer(generateSecret({ prefix: 'other', environment: 'live' }))),
        'unauthenticated',
      )
    })

    it('a secret never does, and decides alone: no session opens more than the key', async () => {
      const before = asked.length
      const wrong = generateSecret({ prefix: 'lk', environment: 'live' })
      const mistyped = wrong.slice(0, -1) + (wrong.endsWith('a') ? 'b' : 'a')
      const forTests = generateSecret({ prefix: 'lk', environment: 'test' })
      const challenges = new Set<unknown>()
      for (const secret of [wrong, mistyped, forTests, 'lk_live_short']) {
        const reply = await list({ ...signedIn('acme'), ...bearer(secret) })
        expectProblem(reply, 'invalid_key')
        challenges.add(reply.headers['www-authenticate'])
      }
      expect(challenges.size).toBe(1)
      expectProblem(
        await list({ authorization: 'Bearer session-of-ada', 'x-api-key': wrong }),
        'multiple_credentials',
      )
      expect(asked).toHaveLength(before)
    })
  })
})

describe('a host', () => {
  it('is told at start that a reserved scope is not its own to declare', async () => {
    const start = createApp('memory:', { scopes: { 'keys:read': 'Read the keys of the piano' } })
    await expect(start).rejects.toThrow(`The scope "keys:read" is Latchkey's own`)
  })
})
