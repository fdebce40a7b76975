import { createHash } from 'node:crypto'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { users } from '../src/account/tables.ts'
import { createOperators } from '../src/operator/operators.ts'
import { databases, startApi, type Api, type Person, type Request } from './api.ts'

interface Event {
  action: string
  keyId: string | null
  actor: { id: string; name: string }
  address: string
  after: Record<string, unknown> | null
}

const reason = 'The bill is not paid.'

describe.each(databases)('the operator area, on $name', ({ create }) => {
  let api: Api
  let olga: Person
  let ada: Person
  beforeAll(async () => {
    api = await startApi(create)
    olga = await api.addPerson()
    ada = await api.addPerson()
    await operators().appoint(` ${olga.email.toUpperCase()} `)
    await setFactor(olga, true)
  })
  afterAll(() => api.close())

  const operators = () => createOperators(api.database.drizzle, api.server.latchkey.audit)
  const setFactor = ({ id }: Person, twoFactorEnabled: boolean) =>
    api.database.drizzle.update(users).set({ twoFactorEnabled }).where(eq(users.id, id))
  const as = ({ cookie }: Person, request: Request) => api.inject({ headers: { cookie }, ...request })
  const find = (by: string, value: string, person = olga) =>
    as(person, { method: 'POST', url: '/v1/operator/keys/find', payload: { by, value } })
  const suspension = (workspaceId: string) => `/v1/operator/workspaces/${workspaceId}/suspension`
  const suspend = (workspaceId: string) =>
    as(olga, { method: 'PUT', url: suspension(workspaceId), payload: { reason } })
  const lift = (workspaceId: string) => as(olga, { method: 'DELETE', url: suspension(workspaceId) })
  const contacts = (secret: string) =>
    api.inject({ url: '/v1/contacts', headers: { authorization: `Bearer ${secret}` } })
  const list = async (query = '') =>
    (await as(olga, { url: `/v1/operator/workspaces${query}` })).json<{
      data: { id: string; name: string; people: number; keys: number; suspension: object | null }[]
      nextCursor: string | null
    }>()
  /** What a workspace's owners see of operators. */
  const eventsOf = async (person: Person): Promise<Event[]> => {
    const response = await as(person, { url: '/v1/api-keys/events?limit=100' })
    return response.json<{ data: Event[] }>().data.filter(({ action }) => action.startsWith('o'))
  }
  const ownTrail = async () => {
    const result = await api.server.latchkey.audit.list('operators', { limit: 100 })
    if (!result.ok) throw new Error(result.message)
    return result.data
  }

  it('opens by a second factor, and closes as soon as somebody is dismissed', async () => {
    const max = await api.addPerson()
    const look = async () => {
      const response = await as(max, { url: '/v1/operator/workspaces' })
      return [response.statusCode, response.json<{ code?: string }>().code]
    }
    const session = async () => (await as(max, { url: '/v1/session' })).json<{ operator: boolean }>().operator
    expect([await look(), await session()]).toEqual([[403, 'forbidden'], false])
    expect(await operators().appoint(max.email)).toMatchObject({ id: max.id })
    expect([await look(), await session()]).toEqual([[403, 'second_factor_needed'], true])
    await setFactor(max, true)
    expect(await look()).toEqual([200, undefined])
    expect((await operators().list()).map(({ id }) => id).sort()).toEqual([max.id, olga.id].sort())
    await operators().dismiss(max.email)
    expect([await look(), await session()]).toEqual([[403, 'forbidden'], false])
    expect(await operators().appoint('nobody@example.com')).toBeNull()
    expect((await ownTrail()).filter(({ after }) => after?.['userId'] === max.id)).toMatchObject([
      { action: 'operator.dismissed', actor: { type: 'system' } },
      { action: 'operator.appointed', actor: { type: 'system' } },
    ])
  })

  it('lists all workspaces, by pages and by what is asked for', async () => {
    await api.addKey(ada)
    const mine = await list(`?q=${encodeURIComponent(ada.email)}`)
    expect(mine.data).toMatchObject([{ id: ada.workspaceId, people: 1, keys: 1, suspension: null }])
    expect((await list(`?q=${ada.workspaceId}`)).data).toEqual(mine.data)
    expect((await list('?q=%25')).data).toEqual([])
    const first = await list('?limit=1')
    const second = await list(`?limit=1&cursor=${first.nextCursor}`)
    expect(first.data).toHaveLength(1)
    expect(second.data).toHaveLength(1)
    expect(second.data[0]!.id < first.data[0]!.id).toBe(true)
    const all = (await list('?limit=100')).data.map(({ id }) => id)
    expect((await list('?limit=100&suspended=false')).data.map(({ id }) => id)).toEqual(all)
    expect((await list('?suspended=true')).data).toEqual([])
    expect((await as(olga, { url: '/v1/operator/workspaces?cursor=x' })).statusCode).toBe(400)
  })

  it('finds a key by id, start and hash, and its owners see that an operator looked', async () => {
    const key = await api.addKey(ada, ['contacts:read'])
    const start = key.secret.slice(0, 12)
    const hash = createHash('sha256').update(key.secret).digest('hex')
    for (const [by, value] of [
      ['id', key.id],
      ['start', start],
      ['hash', hash],
    ] as const) {
      const response = await find(by, value)
      expect(response.statusCode, response.body).toBe(200)
      const { data } = response.json<{ data: object[] }>()
      expect(data).toMatchObject([
        { id: key.id, start, status: 'active', workspace: { id: ada.workspaceId, suspension: null } },
      ])
      expect(JSON.stringify(data)).not.toContain('scopes')
    }
    expect((await find('start', 'lk_live_')).json()).toEqual({ data: [] })
    const seen = (await eventsOf(ada)).filter(({ keyId }) => keyId === key.id)
    expect(seen).toHaveLength(3)
    expect(seen[0]).toMatchObject({
      ...{ action: 'operator.looked', after: { operation: 'findAnyKey' } },
      ...{ actor: { id: olga.id, name: 'A owner' }, address: expect.stringMatching(/^10\./) as string },
    })
    const own = (await ownTrail()).filter(({ after }) => after?.['operation'] === 'findAnyKey')
    expect(own.slice(0, 2).map(({ after }) => after)).toEqual([
      { operation: 'findAnyKey', by: 'start', value: null, found: 0 },
      { operation: 'findAnyKey', by: 'hash', value: null, found: 1 },
    ])
    // Through the ordinary routes an operator sees no more than anybody.
    expect((await as(olga, { url: `/v1/api-keys/${key.id}` })).statusCode).toBe(404)
  })

  it('refuses a whole secret, and keeps it nowhere', async () => {
    const { secret } = await api.addKey(ada)
    for (const by of ['id', 'start', 'hash']) {
      const response = await find(by, secret)
      expect(response.statusCode).toBe(400)
      expect(response.body).not.toContain(secret)
    }
    expect(JSON.stringify(await ownTrail())).not.toContain(secret)
    expect((await find('hash', 'no hash')).json()).toMatchObject({ errors: [{ field: 'value' }] })
  })

  it('suspends a workspace: keys and changes are refused with the reason, reading goes on, lifting brings all back', async () => {
    const eve = await api.addPerson()
    const key = await api.addKey(eve, ['contacts:read'])
    expect((await contacts(key.secret)).statusCode).toBe(200)
    const done = await suspend(eve.workspaceId)
    expect(done.statusCode, done.body).toBe(200)
    expect(done.json()).toMatchObject({
      workspace: { id: eve.workspaceId, suspension: { reason } },
      receipt: { nodes: 1, confirmed: 1 },
    })
    const again = await suspend(eve.workspaceId)
    expect([again.statusCode, again.json<{ code: string }>().code]).toEqual([409, 'already_suspended'])

    const refused = await contacts(key.secret)
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([403, 'owner_suspended'])
    const url = `/v1/api-keys/${key.id}`
    for (const request of [
      { method: 'POST', url: '/v1/api-keys', payload: { name: 'x' } },
      { method: 'POST', url: `${url}/rotate`, payload: {} },
      { method: 'PATCH', url, payload: { name: 'x' } },
      { method: 'DELETE', url },
    ] as const) {
      const response = await as(eve, request)
      expect(response.statusCode, `${request.method} ${request.url}`).toBe(403)
      expect(response.json()).toMatchObject({
        code: 'owner_suspended',
        detail: expect.stringContaining(reason) as string,
      })
    }
    expect((await as(eve, { url })).json()).toMatchObject({ status: 'active' })
    expect((await as(eve, { url: '/v1/session' })).json()).toMatchObject({ suspension: { reason } })
    expect((await as(ada, { url: '/v1/session' })).json()).toMatchObject({ suspension: null })
    expect((await list('?suspended=true')).data.map(({ id }) => id)).toEqual([eve.workspaceId])
    expect((await list('?suspended=false&limit=100')).data.map(({ id }) => id)).not.toContain(eve.workspaceId)
    expect((await find('id', key.id)).json()).toMatchObject({
      data: [{ workspace: { suspension: { reason } } }],
    })

    expect((await lift(eve.workspaceId)).statusCode).toBe(204)
    expect((await contacts(key.secret)).statusCode).toBe(200)
    expect((await as(eve, { url: '/v1/session' })).json()).toMatchObject({ suspension: null })
    expect((await eventsOf(eve)).map(({ action }) => action)).toEqual([
      'owner.suspension_lifted',
      'operator.looked',
      'owner.suspended',
    ])
    for (const id of ['workspace_01h455vb4pex5vsknk084sn02q', 'x']) {
      expect((await suspend(id)).statusCode).toBe(404)
      expect((await lift(id)).statusCode).toBe(404)
    }
  })

  it('tells the health of the nodes', async () => {
    const response = await as(olga, { url: '/v1/operator/health' })
    expect(response.statusCode, response.body).toBe(200)
    const { nodes, databaseMs } = response.json<{ nodes: object[]; databaseMs: number }>()
    expect(nodes).toMatchObject([{ self: true, live: true, feed: 'listening', version: '0.1.0' }])
    expect(databaseMs).toBeGreaterThanOrEqual(0)
  })

  it('answers 503, and does nothing, when what is asked for cannot be recorded', async () => {
    const key = await api.addKey(ada, ['contacts:read'])
    const rename = (from: string, to: string) =>
      api.database.drizzle.execute(sql.raw(`alter function latchkey.${from} rename to ${to}`))
    await rename('record_operator', 'gone')
    try {
      const requests: Request[] = [
        { url: '/v1/operator/workspaces' },
        { url: `/v1/operator/workspaces/${ada.workspaceId}` },
        { method: 'PUT', url: suspension(ada.workspaceId), payload: { reason } },
        { method: 'DELETE', url: suspension(ada.workspaceId) },
        { method: 'POST', url: '/v1/operator/keys/find', payload: { by: 'id', value: key.id } },
        { url: '/v1/operator/health' },
      ]
      for (const request of requests) {
        const response = await as(olga, request)
        expect(response.statusCode, request.url).toBe(503)
        expect(response.json()).toMatchObject({ code: 'unavailable' })
        expect(response.body).not.toContain(ada.workspaceId)
      }
      await expect(operators().appoint(ada.email)).rejects.toMatchObject({ name: 'StoreUnavailable' })
    } finally {
      await rename('gone', 'record_operator')
    }
    expect((await contacts(key.secret)).statusCode).toBe(200)
    expect((await operators().list()).map(({ id }) => id)).toEqual([olga.id])
  })
})
