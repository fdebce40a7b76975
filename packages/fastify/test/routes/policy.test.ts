import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CreatedApiKey, KeyPolicy } from '../../src/index.ts'
import { callAs, createApp, KEYS } from '../support/app.ts'
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
  const create = (owner: string, fields: object = {}) =>
    callAs(app, owner, { method: 'POST', url: KEYS, payload: { name: 'k', ...fields } })

  it("is the host's until the owner asks for more, and then the stricter of both", async () => {
    const host = { defaultDays: null, maxDays: 365, allowNever: false }
    expect(await get('p1')).toEqual({ expiry: null, effectiveExpiry: host, scopes: null })

    const expiry = { defaultDays: 30, maxDays: 4_000, allowNever: true }
    const reply = await put('p1', { expiry })
    expect(reply.statusCode).toBe(200)
    const expected = { expiry, effectiveExpiry: { ...host, defaultDays: 30 }, scopes: null }
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
})
