import { createFaultProxy, freshDatabase, type FaultProxy } from '@latchkey/testing'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { isDatabaseTrouble } from '../src/database/trouble.ts'
import { databases, startApi, type Api, type Person, type Request } from './api.ts'

describe('while the database is out of reach', () => {
  let api: Api
  let proxy: FaultProxy
  let ada: Person
  let key: string
  beforeAll(async () => {
    api = await startApi(async () => {
      const { url, drop } = await freshDatabase()
      proxy = await createFaultProxy(url)
      const remove = () => proxy.close().then(drop)
      return { target: proxy.url, remove }
    })
    ada = await api.addPerson()
    key = (await api.addKey(ada, ['contacts:read', 'contacts:write', 'companies:read'])).secret
  })
  afterEach(() => proxy.restore())
  afterAll(() => api.close())

  const requests = (): Request[] => {
    const session = { cookie: ada.cookie }
    const bearer = { authorization: `Bearer ${key}` }
    return [
      { url: '/readyz' },
      { url: '/v1/setup' },
      { method: 'POST', url: '/v1/session', payload: { email: ada.email, password: ada.password } },
      { url: '/v1/session', headers: session },
      { method: 'DELETE', url: '/v1/session', headers: session },
      { method: 'DELETE', url: '/v1/sessions', headers: session },
      {
        ...{ method: 'POST', url: '/v1/password', headers: session },
        payload: { currentPassword: ada.password, newPassword: 'eight tidier otters' },
      },
      { url: '/v1/api-keys', headers: session },
      { method: 'POST', url: '/v1/api-keys', headers: session, payload: { name: 'x' } },
      { url: '/v1/contacts', headers: bearer },
      {
        method: 'POST',
        url: '/v1/contacts',
        headers: bearer,
        payload: { name: 'x', email: 'x@example.com' },
      },
      { url: '/v1/companies', headers: bearer },
    ]
  }

  async function expectUnavailable(): Promise<void> {
    const replies = await Promise.all(requests().map((request) => api.inject(request)))
    for (const [i, reply] of replies.entries()) {
      const what = `${requests()[i]!.method ?? 'GET'} ${requests()[i]!.url}: ${reply.body}`
      expect(reply.statusCode, what).toBe(503)
      expect(Number(reply.headers['retry-after']), what).toBeGreaterThan(0)
      expect(reply.json(), what).toMatchObject({ code: 'unavailable' })
      expect(reply.headers['set-cookie'], what).toBeUndefined()
      expect(reply.body, what).not.toMatch(/select|insert|update|example\.com|ECONN|5432/i)
    }
    expect((await api.inject({ url: '/healthz' })).statusCode).toBe(200)
  }

  async function expectRecovery(): Promise<void> {
    await expect
      .poll(async () => (await api.inject({ url: '/readyz' })).statusCode, { timeout: 15_000 })
      .toBe(200)
    const session = await api.inject({ url: '/v1/session', headers: { cookie: ada.cookie } })
    expect(session.statusCode).toBe(200)
    const contacts = await api.inject({ url: '/v1/contacts', headers: { authorization: `Bearer ${key}` } })
    expect(contacts.statusCode).toBe(200)
  }

  it(
    'nobody is let in or turned away: everything answers 503 until it is back',
    { timeout: 60_000 },
    async () => {
      await proxy.cut()
      await expectUnavailable()
      await proxy.restore()
      await expectRecovery()
    },
  )

  it('a silent database is given up on within ten seconds', { timeout: 90_000 }, async () => {
    proxy.blackhole()
    const start = performance.now()
    await expectUnavailable()
    expect(performance.now() - start).toBeLessThan(15_000)
    await proxy.cut()
    await proxy.restore()
    await expectRecovery()
  })
})

describe.each(databases)('when a statement fails, on $name', ({ create }) => {
  let api: Api
  beforeAll(async () => {
    api = await startApi(create)
  })
  afterAll(() => api.close())

  it('neither reply nor log tells the statement, its parameters or the rows', async () => {
    const ada = await api.addPerson()
    const { secret } = await api.addKey(ada, ['contacts:write'])
    api.credentials.add('Canary Contact').add('canary.person@example.com')
    const { drizzle } = api.database
    await drizzle.execute(sql`alter table crm.contacts rename column name to renamed`)
    const contact = await api.inject({
      ...{ method: 'POST', url: '/v1/contacts', headers: { 'x-api-key': secret } },
      payload: { name: 'Canary Contact', email: 'canary.contact@example.com' },
    })
    await drizzle.execute(sql`alter table account.users rename column email to renamed`)
    const payload = { email: 'canary.person@example.com', password: 'not a password of anybody' }
    const signIn = await api.inject({ method: 'POST', url: '/v1/session', payload })
    for (const { statusCode, body } of [contact, signIn]) {
      expect(statusCode, body).toBe(503)
      expect(body).not.toMatch(/canary|insert|select|column|renamed/i)
    }
    const trouble = api.log.filter((line) => line.includes('"level":50'))
    expect(trouble).toHaveLength(2)
    expect(trouble.join()).toContain('42703')
    expect(api.log.join()).not.toMatch(/insert into|select \\"/)
  })
})

describe('isDatabaseTrouble', () => {
  it('knows what the drivers throw outside of statements, and nothing else', () => {
    const withCode = (code: string, more = {}) => Object.assign(new Error('x'), { code, ...more })
    const trouble = ['CONNECT_TIMEOUT', 'CONNECTION_CLOSED', 'CONNECTION_ENDED', 'ECONNREFUSED', 'EPIPE']
    expect(trouble.map((code) => isDatabaseTrouble(withCode(code)))).toEqual(trouble.map(() => true))
    expect(isDatabaseTrouble(withCode('40001', { severity: 'ERROR' }))).toBe(true)
    const others = [new TypeError('x'), withCode('ERR_INVALID_ARG_TYPE'), withCode('FST_ERR_VALIDATION')]
    expect(others.map(isDatabaseTrouble)).toEqual([false, false, false])
  })
})
