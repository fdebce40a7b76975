import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiKeyRoutes } from '../../src/index.ts'
import { bearer, callAs, createApp, createKey, createServiceKey, KEYS } from '../support/app.ts'
import { describeOnEachDatabase } from '../support/databases.ts'
import { expectProblem } from '../support/problem.ts'

describeOnEachDatabase('GET /v1/api-keys/:id/routes', (database) => {
  let app: FastifyInstance
  const owner = `owner_${randomUUID()}`
  const today = new Date().toISOString().slice(0, 10)
  beforeAll(async () => {
    ;({ app } = await createApp(database()))
  })
  afterAll(() => app.close())

  const get = (id: string, query = '', as = owner) => callAs(app, as, { url: `${KEYS}/${id}/routes${query}` })

  it('tells what a key opened and which scopes it did not need', async () => {
    const key = await createKey(app, owner, { scopes: ['contacts:read', 'contacts:write', 'keys:read'] })
    // Requests are counted in memory; a node that closes stores what it has.
    const { app: node } = await createApp(database())
    const headers = bearer(key.secret)
    for (let i = 0; i < 2; i++) await node.inject({ url: '/contacts', headers })
    await node.inject({ url: '/any', headers })
    await node.inject({ url: KEYS, headers })
    await node.inject({ url: '/contacts', headers: bearer(`${key.secret}x`) })
    await node.close()

    const reply = await get(key.id)
    expect(reply.statusCode).toBe(200)
    const { routes, scopes, since } = reply.json<ApiKeyRoutes>()
    const counted = { anyScope: [], lastUsedOn: today }
    expect(routes).toEqual([
      { method: 'GET', path: '/contacts', scopes: ['contacts:read'], count: 2, ...counted },
      { method: '*', path: '(key routes)', scopes: ['keys:read'], count: 1, ...counted },
      { method: 'GET', path: '/any', scopes: [], count: 1, ...counted },
    ])
    expect(scopes).toEqual([
      { name: 'contacts:read', lastUsedOn: today },
      { name: 'contacts:write', lastUsedOn: null },
      { name: 'keys:read', lastUsedOn: today },
    ])
    expect(Date.parse(since)).toBeLessThanOrEqual(Date.now())
  })

  it('counts for what a service asked about a key', async () => {
    const key = await createKey(app, owner, { scopes: ['contacts:read', 'contacts:write'] })
    const { app: node } = await createApp(database())
    const service = await createServiceKey(node)
    await node.inject({
      method: 'POST',
      url: `${KEYS}/verify`,
      headers: bearer(service),
      payload: { secret: key.secret, scopes: ['contacts:write'] },
    })
    await node.close()
    const { routes, scopes } = (await get(key.id)).json<ApiKeyRoutes>()
    expect(routes).toMatchObject([{ path: '(other services)', scopes: ['contacts:write'], count: 1 }])
    expect(scopes).toEqual([
      { name: 'contacts:read', lastUsedOn: null },
      { name: 'contacts:write', lastUsedOn: today },
    ])
  })

  it('refuses what it cannot tell', async () => {
    const { id } = await createKey(app, owner)
    expectProblem(await get(id, '?days=91'), 'invalid_request')
    expectProblem(await get(id, '', `owner_${randomUUID()}`), 'not_found')
  })
})
