import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ChangedApiKeys } from '../../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

describeOnEachDatabase('POST /v1/api-keys/bulk', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database()))
  })
  afterAll(() => app.close())

  const bulk = (payload: object, owner = 'acme') =>
    callAs(app, owner, { method: 'POST', url: `${KEYS}/bulk`, payload })
  const knock = async (secret: string) =>
    (await app.inject({ url: '/any', headers: bearer(secret) })).statusCode

  it('200: tells of each key what became of it, with one receipt for all', async () => {
    const [one, two] = [await createKey(app, 'acme'), await createKey(app, 'acme')]
    const revoked = await createKey(app, 'acme')
    const foreign = await createKey(app, 'other')
    await callAs(app, 'acme', { method: 'DELETE', url: `${KEYS}/${revoked.id}` })
    const ids = [one.id, revoked.id, foreign.id, 'nothing', two.id, one.id]
    const reply = await bulk({ action: 'revoke', ids, reason: 'affiliationChanged', note: 'Bo left' })
    expect(reply.statusCode).toBe(200)
    const { data, receipt } = reply.json<ChangedApiKeys>()
    expect(receipt).toMatchObject({ nodes: 1, confirmed: 1 })
    expect(data.map(({ id, status, problem }) => [id, status, problem?.code ?? null])).toEqual([
      [one.id, 200, null],
      [revoked.id, 409, 'already_revoked'],
      [foreign.id, 404, 'not_found'],
      ['nothing', 404, 'not_found'],
      [two.id, 200, null],
      [one.id, 200, null],
    ])
    expect(data[0]!.apiKey).toMatchObject({
      id: one.id,
      status: 'revoked',
      revocation: { reason: 'affiliationChanged', note: 'Bo left' },
    })
    expect(data[1]).toMatchObject({ apiKey: null, problem: { title: 'The key is revoked' } })
    expect([await knock(one.secret), await knock(two.secret), await knock(foreign.secret)]).toEqual([
      401, 401, 200,
    ])
  })

  it('200: disables, enables and restores', async () => {
    const { id, secret } = await createKey(app, 'acme')
    for (const [action, status, opens] of [
      ['disable', 'disabled', 401],
      ['enable', 'active', 200],
      ['revoke', 'revoked', 401],
      ['restore', 'active', 200],
    ] as const) {
      const { data, receipt } = (await bulk({ action, ids: [id] })).json<ChangedApiKeys>()
      expect(data[0]!.apiKey).toMatchObject({ id, status })
      expect(await knock(secret)).toBe(opens)
      expect(receipt === null).toBe(opens === 200)
    }
  })

  it.each([
    [{}, 'action'],
    [{ action: 'purge', ids: ['x'] }, 'action'],
    [{ action: 'enable', ids: [] }, 'ids'],
    [{ action: 'enable', ids: Array.from({ length: 101 }, String) }, 'ids'],
    [{ action: 'enable', ids: [7] }, 'ids.0'],
    [{ action: 'enable', ids: ['x'], reason: 'superseded' }, 'reason'],
    [{ action: 'enable', ids: ['x'], owner: 'other' }, 'owner'],
  ])('400: refuses %j', async (payload, field) => {
    const { errors } = expectProblem(await bulk(payload), 'invalid_request')
    expect(errors?.map((error) => error.field)).toContain(field)
  })

  it('403: refuses a viewer, and 401 a stranger', async () => {
    const { id, secret } = await createKey(app, 'acme')
    const request = { method: 'POST', url: `${KEYS}/bulk`, payload: { action: 'revoke', ids: [id] } } as const
    expectProblem(await callAs(app, 'acme', request, 'viewer'), 'forbidden')
    expectProblem(await app.inject(request), 'unauthenticated')
    expect(await knock(secret)).toBe(200)
  })
})
