import { randomUUID } from 'node:crypto'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bearer, createApp, createKey, KEYS, signedIn } from './support/app.ts'
import { describeOnEachDatabase } from './support/databases.ts'

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
