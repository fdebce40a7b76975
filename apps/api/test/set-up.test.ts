import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { cookieOf, databases, dumpTables, findAny, startApi, type Api } from './api.ts'

const account = {
  name: '  Ada Lovelace ',
  email: 'Ada@Example.com',
  password: 'seven tidy otters',
  workspaceName: 'Analytical Engines',
}

describe.each(databases)('the first account, on $name', ({ create }) => {
  let api: Api
  beforeAll(async () => {
    api = await startApi(create)
    api.credentials.add(account.password)
  })
  beforeEach(async () => {
    const { drizzle } = api.database
    await drizzle.execute(sql`truncate account.users, account.workspaces, account.setup_link cascade`)
  })
  afterEach(() => vi.useRealTimers())
  afterAll(() => api.close())

  async function issueLink(): Promise<string> {
    const token = await api.app.setUp.issueLink()
    api.credentials.add(token!)
    return token!
  }

  const setUp = (token: string, change: object = {}) =>
    api.inject({ method: 'POST', url: '/v1/setup', payload: { ...account, token, ...change } })

  const isNeeded = async () => (await api.inject({ url: '/v1/setup' })).json<{ needed: boolean }>().needed

  it('is created by the link, with a workspace full of sample data, and is signed in', async () => {
    expect(await isNeeded()).toBe(true)
    const response = await setUp(await issueLink())
    expect(response.statusCode, response.body).toBe(201)
    expect(response.json()).toMatchObject({
      user: { name: 'Ada Lovelace', email: 'ada@example.com' },
      workspace: { name: 'Analytical Engines' },
      role: 'owner',
    })
    expect(await isNeeded()).toBe(false)

    const cookie = cookieOf(response)!
    const session = await api.inject({ url: '/v1/session', headers: { cookie } })
    expect(session.json()).toEqual(response.json())
    const payload = { name: 'First', scopes: ['contacts:read', 'companies:read'] }
    const key = await api.inject({ method: 'POST', url: '/v1/api-keys', headers: { cookie }, payload })
    const authorization = `Bearer ${key.json<{ secret: string }>().secret}`
    const contacts = await api.inject({ url: '/v1/contacts?limit=100', headers: { authorization } })
    expect(contacts.json<{ data: unknown[] }>().data).toHaveLength(100)
    const companies = await api.inject({ url: '/v1/companies?limit=100', headers: { authorization } })
    expect(companies.json<{ data: unknown[] }>().data).toHaveLength(40)
  })

  it('leaves only a hash of the link in the database', async () => {
    const token = await issueLink()
    const rows = await dumpTables(api.database)
    expect(rows.filter((row) => row.startsWith('account.setup_link'))).toHaveLength(1)
    expect(findAny([token], rows)).toEqual([])
  })

  it('is created once: the link is used up and set-up is closed', async () => {
    const token = await issueLink()
    expect((await setUp(token)).statusCode).toBe(201)
    const again = await setUp(token, { email: 'eve@example.com' })
    expect(again.statusCode).toBe(409)
    expect(again.json()).toMatchObject({ code: 'already_set_up' })
    expect(await api.app.setUp.issueLink()).toBeNull()
    const eve = { email: 'eve@example.com', password: account.password }
    expect((await api.inject({ method: 'POST', url: '/v1/session', payload: eve })).statusCode).toBe(401)
  })

  it('is created once even when ten people open the link at the same time', async () => {
    const token = await issueLink()
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, i) => setUp(token, { email: `person${i}@example.com` })),
    )
    const statuses = replies.map((reply) => reply.statusCode).sort()
    expect(statuses[0]).toBe(201)
    expect(statuses.slice(1).every((status) => status === 403 || status === 409)).toBe(true)
    const people = (await dumpTables(api.database)).filter((row) => row.startsWith('account.users'))
    expect(people).toHaveLength(1)
  })

  it('is refused to a wrong link, and to the link before the last', async () => {
    const old = await issueLink()
    const current = await issueLink()
    for (const token of ['x', 'x\u0000', 'x\ud800', old, `${current}x`, current.toLowerCase()]) {
      const response = await setUp(token)
      expect(response.statusCode).toBe(403)
      expect(response.json()).toMatchObject({ code: 'invalid_setup_token' })
      expect(cookieOf(response)).toBeNull()
    }
    expect((await setUp(current)).statusCode).toBe(201)
  })

  it('is refused to a link that is older than a day', async () => {
    const token = await issueLink()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 24 * 3_600_000 })
    expect((await setUp(token)).statusCode).toBe(403)
    vi.setSystemTime(Date.now() - 1_000)
    expect((await setUp(token)).statusCode).toBe(201)
  })

  it.each([
    ['password', { password: 'fourteen chars' }],
    ['password', { password: 'passwordpassword' }],
    ['email', { email: 'ada' }],
    ['email', { email: 'ada\u0000@example.com' }],
    ['email', { email: 'ada\ud800@example.com' }],
    ['password', { password: 'seven tidy otters\ud800' }],
    ['name', { name: ' ' }],
    ['name', { name: 'Ada\u0000' }],
    ['workspaceName', { workspaceName: 'a\u202Eb' }],
    ['role', { role: 'owner' }],
    ['isAdmin', { isAdmin: true }],
  ])('names the field %s of %j, and the link still works', async (field, change) => {
    const token = await issueLink()
    const response = await setUp(token, change)
    expect(response.statusCode).toBe(400)
    expect(response.json<{ errors: { field: string }[] }>().errors.map((error) => error.field)).toContain(
      field,
    )
    expect((await setUp(token)).statusCode).toBe(201)
  })

  it('can be created unattended, once', async () => {
    await Promise.all([api.app.setUp.createUnattended(account), api.app.setUp.createUnattended(account)])
    await api.app.setUp.createUnattended({
      ...account,
      email: 'other@example.com',
      password: 'another long one',
    })
    expect(await isNeeded()).toBe(false)
    expect(await api.signIn('ada@example.com', account.password)).toBeTruthy()
    const other = { email: 'other@example.com', password: 'another long one' }
    expect((await api.inject({ method: 'POST', url: '/v1/session', payload: other })).statusCode).toBe(401)
  })

  it('exists under no name that anybody could know', async () => {
    for (const email of [
      'admin@example.com',
      'admin@localhost',
      'admin',
      'root',
      'latchkey',
      'demo@example.com',
    ]) {
      for (const password of ['admin', 'password', 'latchkey', 'changeme']) {
        const response = await api.inject({
          method: 'POST',
          url: '/v1/session',
          payload: { email, password },
        })
        expect(response.statusCode).toBe(401)
      }
    }
  })
})
