import { randomUUID } from 'node:crypto'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiKeyList } from '../src/index.ts'
import { bearer, callAs, createApp, createKey, KEYS, signedIn } from './support/app.ts'
import { describeOnEachDatabase } from './support/databases.ts'
import { expectProblem } from './support/problem.ts'

describeOnEachDatabase('what the audit trail tells of who asked over HTTP', (database) => {
  let app: FastifyInstance
  beforeAll(async () => {
    ;({ app } = await createApp(database(), {}, { trustProxy: '127.0.0.1', requestIdHeader: 'x-request-id' }))
  })
  afterAll(() => app.close())

  const where = {
    'user-agent': 'tester/1.0',
    'x-forwarded-for': '198.51.100.1, 192.0.2.7',
    'x-request-id': 'request-42',
  }
  const seen = { address: '192.0.2.7', userAgent: 'tester/1.0', requestId: 'request-42' }
  async function newest(owner: string) {
    const result = await app.latchkey.audit.list(owner, { limit: 1 })
    if (!result.ok) throw new Error(result.message)
    return result.data[0]!
  }
  async function change(headers: object, request: InjectOptions) {
    const reply = await app.inject({ ...request, headers: { ...where, ...headers } })
    expect(reply.statusCode, reply.body).toBeLessThan(300)
  }

  it('is the person and where they were, as far as the host trusts what proxies say', async () => {
    const owner = `owner_${randomUUID()}`
    const person = { type: 'person', id: `user_of_${owner}`, name: 'Ada' }
    await change(signedIn(owner), { method: 'POST', url: KEYS, payload: { name: 'k' } })
    expect(await newest(owner)).toMatchObject({ action: 'key.created', actor: person, ...seen })
    await change(signedIn(owner), {
      method: 'PUT',
      url: `${KEYS}/policy`,
      payload: { expiry: { defaultDays: 30, maxDays: 90, allowNever: false } },
    })
    expect(await newest(owner)).toMatchObject({ action: 'policy.updated', actor: person, ...seen })
  })

  it('is the key, where a key managed another or ended itself', async () => {
    const owner = `owner_${randomUUID()}`
    const root = await createKey(app, owner, { scopes: ['keys:read', 'keys:write'] })
    const { id } = await createKey(app, owner)
    const key = { type: 'key', id: root.id, name: 'Test' }
    const url = `${KEYS}/${id}`
    await change(bearer(root.secret), { method: 'PATCH', url, payload: { name: 'renamed' } })
    expect(await newest(owner)).toMatchObject({ action: 'key.updated', actor: key, ...seen })
    await change(bearer(root.secret), { method: 'POST', url: `${url}/rotate`, payload: {} })
    expect(await newest(owner)).toMatchObject({ action: 'key.rotated', actor: key, ...seen })
    await change(bearer(root.secret), { method: 'DELETE', url })
    expect(await newest(owner)).toMatchObject({ action: 'key.revoked', actor: key, ...seen })
    await change(bearer(root.secret), { method: 'POST', url: `${KEYS}/self-revoke` })
    expect(await newest(owner)).toMatchObject({ action: 'key.revoked', actor: key, ...seen })
  })
})

describeOnEachDatabase('a change whose event cannot be written', (database) => {
  it('is answered 503 and did not happen, while keys go on being verified', async () => {
    const { app } = await createApp(database())
    const owner = `owner_${randomUUID()}`
    const { id, secret } = await createKey(app, owner, { name: 'before' })
    const sql = (text: string) => database().query(text, [])
    await sql('alter table latchkey.audit_events add constraint broken check (sequence < 0) not valid')
    const url = `${KEYS}/${id}`
    for (const request of [
      { method: 'POST', url: KEYS, payload: { name: 'another' } },
      { method: 'PATCH', url, payload: { name: 'after' } },
      { method: 'POST', url: `${url}/rotate`, payload: {} },
      { method: 'DELETE', url },
    ] as const) {
      expectProblem(await callAs(app, owner, request), 'unavailable')
    }
    expect((await app.inject({ url: '/any', headers: bearer(secret) })).statusCode).toBe(200)
    await sql('alter table latchkey.audit_events drop constraint broken')
    const { data } = (await callAs(app, owner, { url: KEYS })).json<ApiKeyList>()
    expect(data).toMatchObject([{ id, name: 'before', status: 'active', version: 1 }])
    await app.close()
  })
})
