import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ChangedApiKeys } from '../src/index.ts'
import { bearer, createApp, createKey, KEYS, signedIn } from './support/app.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'

const code = 'reauthentication_required'

describeOnEachDatabase('a person who has not shown lately who they are', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database()))
  })
  afterAll(() => app.close())

  const stale = (owner: string) => {
    const [[header, principal]] = Object.entries(signedIn(owner)) as [[string, string]]
    return { [header]: JSON.stringify({ ...JSON.parse(principal), isProven: false }) }
  }
  const callStale = (owner: string, method: InjectOptions['method'], path: string, payload?: object) =>
    app.inject({ method: method!, url: `${KEYS}${path}`, headers: stale(owner), ...(payload && { payload }) })
  const stateOf = async (owner: string, id: string) =>
    (await app.inject({ url: `${KEYS}/${id}`, headers: signedIn(owner) })).json<unknown>()

  it.each(['keys:read', 'keys:write', 'audit:read'])('makes no key with %s', async (scope) => {
    const owner = `maker of ${scope}`
    const reply = await callStale(owner, 'POST', '', { name: 'Root', scopes: ['contacts:read', scope] })
    expectProblem(reply, code)
    // RFC 9470, section 3
    expect(reply.headers['www-authenticate']).toBe('Session error="insufficient_user_authentication"')
    expect((await callStale(owner, 'GET', '')).json()).toMatchObject({ data: [] })
  })

  it.each<[string, InjectOptions['method'], string, object?]>([
    ['changes', 'PATCH', '', { name: 'Mine' }],
    ['takes from', 'PATCH', '', { scopes: ['contacts:read'] }],
    ['disables', 'PATCH', '', { enabled: false }],
    ['rotates', 'POST', '/rotate', {}],
    ['deletes', 'DELETE', ''],
    ['revokes', 'POST', '/revoke', {}],
  ])('%s none that has one', async (_, method, action, payload) => {
    const owner = `changer by ${method} ${action} ${JSON.stringify(payload)}`
    const { id } = await createKey(app, owner, { scopes: ['keys:read'] })
    const before = await stateOf(owner, id)
    expectProblem(await callStale(owner, method, `/${id}${action}`, payload), code)
    expect(await stateOf(owner, id)).toEqual(before)
    const proven = { method: method!, url: `${KEYS}/${id}${action}`, headers: signedIn(owner) }
    expect((await app.inject({ ...proven, ...(payload && { payload }) })).statusCode).toBe(200)
  })

  it('ends no replaced secret of one, and restores none', async () => {
    const owner = 'ender'
    const { id } = await createKey(app, owner, { scopes: ['keys:write'] })
    const proven = (method: 'POST' | 'DELETE', action: string, payload?: object) =>
      app.inject({
        method,
        url: `${KEYS}/${id}${action}`,
        headers: signedIn(owner),
        ...(payload && { payload }),
      })
    expect((await proven('POST', '/rotate', { gracePeriodSeconds: 3600 })).statusCode).toBe(200)
    for (const gracePeriodSeconds of [0, 7200])
      expectProblem(await callStale(owner, 'PATCH', `/${id}/retiring-secret`, { gracePeriodSeconds }), code)
    expect((await proven('DELETE', '')).statusCode).toBe(200)
    expectProblem(await callStale(owner, 'POST', `/${id}/restore`), code)
    expect(await stateOf(owner, id)).toMatchObject({ status: 'revoked' })
  })

  it('gives none to a key that exists', async () => {
    const owner = 'giver'
    const { id } = await createKey(app, owner, { scopes: ['contacts:read'] })
    expectProblem(await callStale(owner, 'PATCH', `/${id}`, { scopes: ['keys:read'] }), code)
    expect(await stateOf(owner, id)).toMatchObject({ scopes: ['contacts:read'] })
  })

  it.each(['disable', 'revoke'])('does what it may to the others of many: %s', async (action) => {
    const owner = `changer of many: ${action}`
    const root = await createKey(app, owner, { scopes: ['keys:read'] })
    const plain = await createKey(app, owner, { scopes: ['contacts:read'] })
    const reply = await callStale(owner, 'POST', '/bulk', { action, ids: [root.id, plain.id] })
    expect(reply.statusCode).toBe(200)
    expect(reply.json<ChangedApiKeys>().data).toMatchObject([
      { id: root.id, status: 401, problem: { code } },
      { id: plain.id, status: 200, problem: null },
    ])
  })

  it('makes, changes and deletes all other keys, and sees everything', async () => {
    const owner = 'everyday'
    const made = await callStale(owner, 'POST', '', { name: 'Plain', scopes: ['contacts:read'] })
    expect(made.statusCode).toBe(201)
    const { id } = made.json<{ apiKey: { id: string } }>().apiKey
    const root = await createKey(app, owner, { scopes: ['keys:write'] })
    const replies = [
      await callStale(owner, 'PATCH', `/${id}`, { name: 'Renamed' }),
      await callStale(owner, 'POST', `/${id}/rotate`, {}),
      await callStale(owner, 'DELETE', `/${id}`),
      await callStale(owner, 'GET', `/${root.id}`),
    ]
    expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200])
  })

  it('holds no program back that comes with a key', async () => {
    const { secret } = await createKey(app, 'program', { scopes: ['keys:write'] })
    const payload = { name: 'Made', scopes: ['keys:write'] }
    const reply = await app.inject({
      method: 'POST',
      url: KEYS,
      headers: { ...stale('program'), ...bearer(secret) },
      payload,
    })
    expect(reply.statusCode).toBe(201)
  })

  it('is a mistake of the host where it is neither true nor false', async () => {
    const principal = { owner: 'o', actor: { id: 'a', name: null }, role: 'admin', isProven: 'no' }
    const reply = await app.inject({ url: KEYS, headers: { 'x-test-principal': JSON.stringify(principal) } })
    expectProblem(reply, 'unavailable')
  })
})
