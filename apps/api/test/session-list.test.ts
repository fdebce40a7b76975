import { eq } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { sessions } from '../src/account/tables.ts'
import { cookieOf, databases, startApi, tokenOf, type Api, type Person } from './api.ts'

interface LiveSession {
  id: string
  userAgent: string
  address: string
  current: boolean
}

const hour = 3_600_000

describe.each(databases)('the sessions of a person, on $name', ({ create }) => {
  let api: Api
  let ada: Person
  beforeAll(async () => {
    api = await startApi(create)
  })
  beforeEach(async () => {
    ada = await api.addPerson()
  })
  afterEach(() => vi.useRealTimers())
  afterAll(() => api.close())

  const list = async (cookie: string) =>
    (await api.inject({ url: '/v1/sessions', headers: { cookie } })).json<{ data: LiveSession[] }>().data
  const status = async (cookie: string) =>
    (await api.inject({ url: '/v1/session', headers: { cookie } })).statusCode
  const end = (cookie: string, path: string) =>
    api.inject({ method: 'DELETE', url: `/v1/sessions${path}`, headers: { cookie } })
  const idOf = async (cookie: string) => (await list(cookie)).find(({ current }) => current)!.id

  it('tell from which browser and address each was begun, and which is this one', async () => {
    const response = await api.inject({
      ...{ method: 'POST', url: '/v1/session', payload: { email: ada.email, password: ada.password } },
      ...{ headers: { 'user-agent': 'Phone/1.0' }, remoteAddress: '192.0.2.33' },
    })
    const phone = cookieOf(response)!
    const found = await list(ada.cookie)
    expect(found).toHaveLength(2)
    expect(found.find(({ current }) => !current)).toMatchObject({
      userAgent: 'Phone/1.0',
      address: '192.0.2.33',
    })
    const text = JSON.stringify(found)
    for (const cookie of [phone, ada.cookie]) expect(text).not.toContain(tokenOf(cookie))
    const rows = await api.database.drizzle.select().from(sessions).where(eq(sessions.userId, ada.id))
    for (const { token } of rows) expect(text).not.toContain(token)
  })

  it('are told without those that are over', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hour - 60_000 })
    const fresh = await api.signIn(ada.email, ada.password)
    vi.setSystemTime(Date.now() + 120_000)
    expect((await list(fresh)).map(({ current }) => current)).toEqual([true])
  })

  it('end one by one, and nobody ends those of somebody else', async () => {
    const [phone, eve] = [await api.signIn(ada.email, ada.password), await api.addPerson()]
    const id = await idOf(phone)
    expect((await end(eve.cookie, `/${id}`)).statusCode).toBe(404)
    expect(await status(phone)).toBe(200)
    expect((await end(ada.cookie, `/${id}`)).statusCode).toBe(204)
    expect([await status(phone), await status(ada.cookie)]).toEqual([401, 200])
    expect((await end(ada.cookie, `/${id}`)).statusCode).toBe(404)
  })

  it('end for this browser as by signing out', async () => {
    const response = await end(ada.cookie, `/${await idOf(ada.cookie)}`)
    expect(response.statusCode).toBe(204)
    expect(response.headers['clear-site-data']).toBe('"cache", "cookies", "storage"')
    expect(response.headers['set-cookie']).toMatch(/Max-Age=0/)
  })

  it('end everywhere else at once, and this one goes on', async () => {
    const others = [await api.signIn(ada.email, ada.password), await api.signIn(ada.email, ada.password)]
    const eve = await api.addPerson()
    const response = await end(ada.cookie, '?except=current')
    expect(response.statusCode).toBe(204)
    expect(response.headers['set-cookie']).toBeUndefined()
    expect(await Promise.all(others.map(status))).toEqual([401, 401])
    expect([await status(ada.cookie), await status(eve.cookie)]).toEqual([200, 200])
    expect((await end(ada.cookie, '?except=none')).statusCode).toBe(400)
  })
})
