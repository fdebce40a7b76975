import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CreatedApiKey, KeyPolicy } from '../../src/index.ts'
import { bearer, callAs, createApp, KEYS } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

const DAY = 86_400_000

describeOnEachDatabase('the policy of new keys', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database(), { expiryPolicy: { maxDays: 365 } }))
  })
  afterAll(() => app.close())

  const get = async (owner: string) => (await callAs(app, owner, { url: `${KEYS}/policy` })).json<KeyPolicy>()
  const put = (owner: string, payload: object, role?: 'developer') =>
    callAs(app, owner, { method: 'PUT', url: `${KEYS}/policy`, payload }, role)
  const create = (owner: string, fields: object = {}, role?: 'developer') =>
    callAs(app, owner, { method: 'POST', url: KEYS, payload: { name: 'k', ...fields } }, role)

  it("is the host's until the owner asks for more, and then the stricter of both", async () => {
    const host = { defaultDays: null, maxDays: 365, allowNever: false }
    const rest = { scopes: null, issue: { scopes: null, liveKeysBy: 'everybody' } }
    expect(await get('p1')).toEqual({ expiry: null, effectiveExpiry: host, ...rest })

    const expiry = { defaultDays: 30, maxDays: 4_000, allowNever: true }
    const reply = await put('p1', { expiry })
    expect(reply.statusCode).toBe(200)
    const expected = { expiry, effectiveExpiry: { ...host, defaultDays: 30 }, ...rest }
    expect(reply.json()).toEqual(expected)
    expect(await get('p1')).toEqual(expected)
    expect((await get('p2')).expiry).toBeNull()
  })

  it('decides when a new key ends, and refuses what goes beyond', async () => {
    await put('p3', { expiry: { defaultDays: 7, maxDays: 30, allowNever: false } })
    const { apiKey } = (await create('p3')).json<CreatedApiKey>()
    expect(Date.parse(apiKey.expiresAt!) - Date.parse(apiKey.createdAt)).toBe(7 * DAY)
    const late = new Date(Date.now() + 31 * DAY).toISOString()
    for (const expiresAt of [null, late]) {
      const problem = expectProblem(await create('p3', { expiresAt }), 'invalid_request')
      expect(problem.errors).toEqual([{ field: 'expiresAt', message: expect.any(String) as string }])
    }
    const url = `${KEYS}/${apiKey.id}`
    const change = await callAs(app, 'p3', { method: 'PATCH', url, payload: { expiresAt: late } })
    expectProblem(change, 'invalid_request')
  })

  it('says what keys may be given, and stays as it was when only the other half is set', async () => {
    const issue = { scopes: ['contacts:read'], liveKeysBy: 'everybody' }
    expect((await put('p6', { expiry: null, issue })).json<KeyPolicy>().issue).toEqual(issue)
    expect((await put('p6', { expiry: null })).json<KeyPolicy>().issue).toEqual(issue)
    const { apiKey } = (await create('p6', { scopes: ['contacts:read'] })).json<CreatedApiKey>()
    const url = `${KEYS}/${apiKey.id}`
    const payload = { scopes: ['contacts:read', 'contacts:write'] }
    for (const beyond of [
      await create('p6', payload),
      await callAs(app, 'p6', { method: 'PATCH', url, payload }),
    ]) {
      expect(expectProblem(beyond, 'beyond_grant').detail).toMatch(/be given: contacts:write\./)
    }
    await put('p6', { expiry: null, issue: null })
    expect((await create('p6', payload)).statusCode).toBe(201)
  })

  it('says whether developers get live keys; a live key that manages keys still makes them', async () => {
    const scopes = ['keys:read', 'keys:write']
    const root = (await create('p7', { scopes })).json<CreatedApiKey>()
    await put('p7', { expiry: null, issue: { scopes: null, liveKeysBy: 'admins' } })
    const live = { environment: 'live' }
    const refused = await create('p7', live, 'developer')
    expect(expectProblem(refused, 'beyond_grant').detail).toMatch(/Make a test key, or ask/)
    const rotation = { method: 'POST', url: `${KEYS}/${root.apiKey.id}/rotate`, payload: {} } as const
    expectProblem(await callAs(app, 'p7', rotation, 'developer'), 'beyond_grant')
    expect((await create('p7', { environment: 'test' }, 'developer')).statusCode).toBe(201)
    expect((await create('p7', live)).statusCode).toBe(201)
    const headers = bearer(root.secret)
    const payload = { name: 'k', ...live, expiresAt: root.apiKey.expiresAt }
    const byKey = await app.inject({ method: 'POST', url: KEYS, headers, payload })
    expect(byKey.statusCode).toBe(201)
  })

  it('403: developers read it, and do not set it', async () => {
    expectProblem(await put('p4', { expiry: null }, 'developer'), 'forbidden')
  })

  it.each([
    ['a day that is none', { defaultDays: 0, maxDays: null, allowNever: true }, /defaultDays/],
    ['a default beyond the longest', { defaultDays: 9, maxDays: 8, allowNever: false }, /defaultDays/],
    ['a half policy', { defaultDays: 9 }, /maxDays|allowNever/],
    ['what it does not know', { defaultDays: 9, maxDays: 9, allowNever: false, x: 1 }, /x/],
  ])('400: %s', async (_, expiry, field) => {
    const problem = expectProblem(await put('p5', { expiry }), 'invalid_request')
    expect(JSON.stringify(problem.errors)).toMatch(field)
    expect((await get('p5')).expiry).toBeNull()
  })

  it.each([
    ['a scope that nobody declared', { scopes: ['contact:read'], liveKeysBy: 'admins' }, 'issue/scopes'],
    ['live keys by nobody', { scopes: null, liveKeysBy: 'nobody' }, 'issue'],
    ['half of what people may hand out', { scopes: null }, 'issue'],
  ])('400: %s', async (_, issue, field) => {
    const expiry = { defaultDays: 9, maxDays: 9, allowNever: false }
    const problem = expectProblem(await put('p8', { expiry, issue }), 'invalid_request')
    expect(JSON.stringify(problem.errors)).toContain(field)
    expect((await get('p8')).expiry).toBeNull()
  })
})
