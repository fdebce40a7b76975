import { eq } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { members, sessions } from '../src/account/tables.ts'
import { cookieOf, databases, dumpTables, findAny, startApi, tokenOf, type Api, type Person } from './api.ts'

const minute = 60_000
const hour = 60 * minute

describe.each(databases)('a session, on $name', ({ create }) => {
  let api: Api
  let ada: Person
  beforeAll(async () => {
    api = await startApi(create)
    ada = await api.addPerson()
  })
  afterEach(() => vi.useRealTimers())
  afterAll(() => api.close())

  const ask = (cookie: string) => api.inject({ url: '/v1/session', headers: { cookie } })
  const status = async (cookie: string) => (await ask(cookie)).statusCode
  const signIn = () => api.signIn(ada.email, ada.password)
  const count = async () => (await api.database.drizzle.select().from(sessions)).length

  /** Moves this process' clock, and with it nothing else. */
  function advance(ms: number): void {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms })
  }

  describe('POST /v1/session', () => {
    it('sets a cookie that browsers keep from scripts, other hosts and plain HTTP', async () => {
      const payload = { email: ada.email, password: ada.password }
      const response = await api.inject({ method: 'POST', url: '/v1/session', payload })
      const [setCookie] = [response.headers['set-cookie']].flat() as string[]
      const [pair, ...attributes] = setCookie!.split('; ')
      expect(pair).toMatch(/^__Host-latchkey_session=[A-Za-z0-9]{32}\.[\w%]+$/)
      expect(attributes.sort()).toEqual(['HttpOnly', 'Max-Age=86400', 'Path=/', 'SameSite=Lax', 'Secure'])
      expect(response.headers['cache-control']).toBe('no-store')
      expect(response.body).not.toContain(tokenOf(pair!))
      expect(Object.keys(response.json<object>()).sort()).toEqual([
        'expiresAt',
        'operator',
        'otherWorkspaces',
        'role',
        'suspension',
        'user',
        'workspace',
      ])
    })

    it('takes the e-mail address in any case', async () => {
      expect(await api.signIn(ada.email.toUpperCase(), ada.password)).toBeTruthy()
    })

    it('begins a new session each time and ends the one of the cookie that came along', async () => {
      const first = await signIn()
      const payload = { email: ada.email, password: ada.password }
      const headers = { cookie: first }
      const response = await api.inject({ method: 'POST', url: '/v1/session', headers, payload })
      const second = cookieOf(response)!
      expect(tokenOf(second)).not.toBe(tokenOf(first))
      expect([await status(first), await status(second)]).toEqual([401, 200])
    })

    it('never adopts a session id that was planted', async () => {
      const planted = `__Host-latchkey_session=${'a'.repeat(32)}.c2lnbmF0dXJl`
      const payload = { email: ada.email, password: ada.password }
      const headers = { cookie: planted }
      const response = await api.inject({ method: 'POST', url: '/v1/session', headers, payload })
      expect(tokenOf(cookieOf(response)!)).not.toContain('aaaa')
      expect(await status(planted)).toBe(401)
    })

    it('keeps the session when another sign-in with its cookie fails', async () => {
      const cookie = await signIn()
      const payload = { email: ada.email, password: 'a wrong password' }
      const response = await api.inject({ method: 'POST', url: '/v1/session', headers: { cookie }, payload })
      expect([response.statusCode, await status(cookie)]).toEqual([401, 200])
    })

    it('answers a wrong password and an unknown person alike, in about the same time', async () => {
      const known = { email: ada.email, password: 'a wrong password' }
      const unknown = { email: 'nobody@example.com', password: 'a wrong password' }
      const odd = { email: 'no address', password: 'a wrong password' }
      const bodies = new Set<string>()
      const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] }
      for (let round = 0; round < 15; round += 1) {
        for (const [name, payload] of [
          ['known', known],
          ['unknown', unknown],
        ] as const) {
          const start = performance.now()
          const response = await api.inject({ method: 'POST', url: '/v1/session', payload })
          times[name].push(performance.now() - start)
          expect(response.statusCode).toBe(401)
          bodies.add(response.body.replace(/"requestId":"[^"]+"/, ''))
        }
      }
      const response = await api.inject({ method: 'POST', url: '/v1/session', payload: odd })
      bodies.add(response.body.replace(/"requestId":"[^"]+"/, ''))
      expect([...bodies]).toHaveLength(1)
      // One slow hash each. Without it, an unknown person would be told from the others ten times over.
      const ratio = median(times.unknown) / median(times.known)
      expect(ratio).toBeGreaterThan(0.5)
      expect(ratio).toBeLessThan(2)
    })

    it.each([
      ['email', {}],
      ['password', { email: 'a@example.com' }],
      ['password', { email: 'a@example.com', password: '' }],
      ['password', { email: 'a@example.com', password: 'x'.repeat(257) }],
      ['password', { email: 'a@example.com', password: 12345678901234 }],
      ['email', { email: ['a@example.com'], password: 'x' }],
      ['email', { email: 'a\u0000@example.com', password: 'x' }],
      ['email', { email: 'a\ud800@example.com', password: 'x' }],
      ['rememberMe', { email: 'a@example.com', password: 'x', rememberMe: true }],
      ['callbackURL', { email: 'a@example.com', password: 'x', callbackURL: 'https://evil.example' }],
    ])('answers 400 naming %s for %j', async (field, payload) => {
      const response = await api.inject({ method: 'POST', url: '/v1/session', payload })
      expect(response.statusCode).toBe(400)
      const { errors } = response.json<{ errors: { field: string }[] }>()
      expect(errors.map((error) => error.field)).toContain(field)
    })

    it('answers 429 with Retry-After to the 21st attempt of an address in a minute, and to no other address', async () => {
      const payload = { email: ada.email, password: 'a wrong password' }
      const attempt = (remoteAddress: string) =>
        api.inject({ method: 'POST', url: '/v1/session', payload, remoteAddress })
      const replies = await inTurn(21, () => attempt('192.0.2.7'))
      const limited = replies.filter((reply) => reply.statusCode === 429)
      expect(limited).toHaveLength(1)
      expect(Number(limited[0]!.headers['retry-after'])).toBeGreaterThan(0)
      expect(limited[0]!.headers['content-type']).toContain('application/problem+json')
      expect(limited[0]!.json()).toMatchObject({ status: 429, code: 'rate_limited' })
      expect((await attempt('192.0.2.8')).statusCode).toBe(401)
    })

    it('counts attempts by the address that a trusted proxy names, and believes nobody else', async () => {
      const payload = { email: ada.email, password: 'a wrong password' }
      const attempt = (remoteAddress: string, forwardedFor: string) =>
        api.inject({
          method: 'POST',
          url: '/v1/session',
          payload,
          remoteAddress,
          headers: { 'x-forwarded-for': forwardedFor },
        })
      const forged = await inTurn(21, (i) => attempt('192.0.2.9', `198.51.100.${i}`))
      expect(forged.filter((reply) => reply.statusCode === 429)).toHaveLength(1)
      const proxied = await inTurn(21, (i) => attempt('127.0.0.1', `203.0.113.${i}`))
      expect(proxied.filter((reply) => reply.statusCode === 429)).toHaveLength(0)
    })
  })

  describe('GET /v1/session', () => {
    it('tells who is signed in and when the session would end', async () => {
      const response = await ask(ada.cookie)
      expect(response.json()).toMatchObject({ user: { id: ada.id, email: ada.email }, role: 'owner' })
      const { expiresAt } = response.json<{ expiresAt: string }>()
      const idle = Date.parse(expiresAt) - Date.now()
      expect(idle).toBeGreaterThan(hour - 2 * minute)
      expect(idle).toBeLessThanOrEqual(hour)
    })

    it.each([
      ['nothing', ''],
      ['another cookie', 'session=1'],
      ['an empty value', '__Host-latchkey_session='],
      ['a token without signature', '__Host-latchkey_session=abcdefghabcdefghabcdefghabcdefgh'],
      ['garbage', '__Host-latchkey_session=%00%ff%zz'],
      ['a name in other case', '__HOST-LATCHKEY_SESSION=x.y'],
      ['a long value', `__Host-latchkey_session=${'x'.repeat(8_000)}`],
    ])('answers 401 to %s', async (_what, cookie) => {
      const response = await ask(cookie)
      expect(response.statusCode).toBe(401)
      expect(response.headers['www-authenticate']).toMatch(/^Session realm=/)
      expect(response.json()).toMatchObject({ status: 401, code: 'unauthenticated' })
    })

    it('answers 401 to a changed token and to a changed signature', async () => {
      const cookie = await signIn()
      const value = cookie.split('=')[1]!
      const changed = [...value].map(
        (sign, i) => value.slice(0, i) + (sign === 'A' ? 'B' : 'A') + value.slice(i + 1),
      )
      const statuses = new Set<number>()
      for (const text of changed.slice(0, 40)) statuses.add(await status(`__Host-latchkey_session=${text}`))
      expect([...statuses]).toEqual([401])
      expect(await status(cookie)).toBe(200)
    })

    it('does not take the hash that is in the database for the token', async () => {
      const cookie = await signIn()
      const rows = await api.database.drizzle.select().from(sessions)
      for (const { token: hash } of rows) {
        const forged = cookie.replace(tokenOf(cookie), hash)
        expect(await status(forged)).toBe(401)
      }
    })

    it('makes the browser forget a cookie that no longer works', async () => {
      const cookie = await signIn()
      await api.inject({ method: 'DELETE', url: '/v1/session', headers: { cookie } })
      expect((await ask(cookie)).headers['set-cookie']).toMatch(/^__Host-latchkey_session=; Max-Age=0;/)
    })
  })

  describe('in the database', () => {
    it('is kept by a hash: no cookie and no token stands in any table', async () => {
      const cookies = [await signIn(), await signIn(), ada.cookie]
      const secrets = cookies.flatMap((cookie) => [cookie.split('=')[1]!, tokenOf(cookie)])
      const rows = await dumpTables(api.database)
      expect(rows.filter((row) => row.startsWith('account.sessions')).length).toBeGreaterThanOrEqual(3)
      expect(findAny([...secrets, ada.password], rows)).toEqual([])
    })

    it('holds the address that a trusted proxy names, never one that a client claims', async () => {
      const payload = { email: ada.email, password: ada.password }
      const claims = { 'x-forwarded-for': '198.51.100.66', 'x-latchkey-client-address': '198.51.100.67' }
      const response = await api.inject({
        ...{ method: 'POST', url: '/v1/session', payload, headers: claims },
        remoteAddress: '192.0.2.10',
      })
      const token = tokenOf(cookieOf(response)!)
      const [row] = await api.database.drizzle.select().from(sessions).where(eq(sessions.token, token))
      expect(row!.ipAddress).toBe('192.0.2.10')
    })
  })

  describe('by the clock', () => {
    it('ends after an hour without use', async () => {
      const cookie = await signIn()
      advance(hour - minute)
      expect(await status(cookie)).toBe(200)
      advance(hour + 1_000)
      expect(await status(cookie)).toBe(401)
    })

    it('is over for good: the clock set back does not bring back a session that was swept', async () => {
      const cookie = await signIn()
      advance(hour + minute)
      const fresh = await signIn()
      const token = tokenOf(cookie)
      const rows = await api.database.drizzle.select().from(sessions).where(eq(sessions.token, token))
      expect(rows).toEqual([])
      expect(await status(fresh)).toBe(200)
    })

    it('goes on while it is used, yet ends after a day', async () => {
      const cookie = await signIn()
      const began = Date.now()
      for (let at = 50 * minute; at < 24 * hour; at += 50 * minute) {
        vi.useFakeTimers({ toFake: ['Date'], now: began + at })
        expect(await status(cookie), `after ${at / minute} minutes`).toBe(200)
      }
      vi.useFakeTimers({ toFake: ['Date'], now: began + 24 * hour - 1_000 })
      const last = await ask(cookie)
      expect(last.statusCode).toBe(200)
      const { expiresAt } = last.json<{ expiresAt: string }>()
      expect(Date.parse(expiresAt) - began).toBeLessThanOrEqual(24 * hour + 1_000)
      vi.useFakeTimers({ toFake: ['Date'], now: began + 24 * hour + 1_000 })
      expect(await status(cookie)).toBe(401)
    })

    it('ends for the key routes at the same moment', async () => {
      const cookie = await signIn()
      advance(hour + 1_000)
      const response = await api.inject({ url: '/v1/api-keys', headers: { cookie } })
      expect(response.statusCode).toBe(401)
    })
  })

  describe('DELETE /v1/session', () => {
    it('ends the session on the server: the cookie is worth nothing afterwards', async () => {
      const [cookie, other] = [await signIn(), await signIn()]
      const before = await count()
      const response = await api.inject({ method: 'DELETE', url: '/v1/session', headers: { cookie } })
      expect(response.statusCode).toBe(204)
      expect(response.body).toBe('')
      expect(response.headers['set-cookie']).toMatch(/^__Host-latchkey_session=; Max-Age=0; Path=\/;/)
      expect(response.headers['clear-site-data']).toBe('"cache", "cookies", "storage"')
      expect(await count()).toBe(before - 1)
      expect([await status(cookie), await status(other)]).toEqual([401, 200])
      const keys = await api.inject({ url: '/v1/api-keys', headers: { cookie } })
      expect(keys.statusCode).toBe(401)
      const again = await api.inject({ method: 'DELETE', url: '/v1/session', headers: { cookie } })
      expect(again.statusCode).toBe(401)
    })
  })

  describe('DELETE /v1/sessions', () => {
    it('ends every session of the person, and of nobody else', async () => {
      const eve = await api.addPerson()
      const cookies = [await signIn(), await signIn(), await signIn()]
      const headers = { cookie: cookies[0]! }
      const response = await api.inject({ method: 'DELETE', url: '/v1/sessions', headers })
      expect(response.statusCode).toBe(204)
      expect(await Promise.all(cookies.map(status))).toEqual([401, 401, 401])
      expect(await status(eve.cookie)).toBe(200)
    })
  })

  describe('of a person who lost their rights', () => {
    it('opens nothing from the moment the person leaves the workspace', async () => {
      const eve = await api.addPerson('admin', ada.workspaceId)
      const list = () => api.inject({ url: '/v1/api-keys', headers: { cookie: eve.cookie } })
      expect((await list()).statusCode).toBe(200)
      await api.database.drizzle.delete(members).where(eq(members.userId, eve.id))
      expect((await list()).statusCode).toBe(401)
      expect(await status(eve.cookie)).toBe(401)
      const payload = { email: eve.email, password: eve.password }
      const response = await api.inject({ method: 'POST', url: '/v1/session', payload })
      expect(response.statusCode).toBe(403)
      expect(response.json()).toMatchObject({ code: 'no_workspace' })
      expect(cookieOf(response)).toBeNull()
    })

    it('may do what the role of this moment allows, and nothing with a role that is none', async () => {
      const eve = await api.addPerson('admin', ada.workspaceId)
      const create = () =>
        api.inject({
          method: 'POST',
          url: '/v1/api-keys',
          headers: { cookie: eve.cookie },
          payload: { name: 'x' },
        })
      const setRole = (role: string) =>
        api.database.drizzle.update(members).set({ role }).where(eq(members.userId, eve.id))
      expect((await create()).statusCode).toBe(201)
      await setRole('viewer')
      expect((await create()).statusCode).toBe(403)
      await setRole('emperor')
      expect((await create()).statusCode).toBe(401)
      await setRole('developer')
      expect((await create()).statusCode).toBe(201)
    })
  })
})

async function inTurn<T>(times: number, work: (round: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  for (let round = 0; round < times; round += 1) results.push(await work(round))
  return results
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}
