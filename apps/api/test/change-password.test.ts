import { randomBytes } from 'node:crypto'
import { eq } from 'drizzle-orm'
import type { FastifyRequest } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuth } from '../src/account/auth.ts'
import { createSessions } from '../src/account/sessions.ts'
import { credentials, sessions } from '../src/account/tables.ts'
import { cookieOf, dashboardUrl, databases, dumpTables, findAny, startApi, type Api } from './api.ts'

describe.each(databases)('POST /v1/password, on $name', ({ create }) => {
  let api: Api
  beforeAll(async () => {
    api = await startApi(create)
  })
  afterAll(() => api.close())

  const status = async (cookie: string) =>
    (await api.inject({ url: '/v1/session', headers: { cookie } })).statusCode
  const count = async () => (await api.database.drizzle.select().from(sessions)).length
  const change = (cookie: string, payload: object) =>
    api.inject({ method: 'POST', url: '/v1/password', headers: { cookie }, payload })

  it('changes the password, renews this session and ends all others', async () => {
    const bob = await api.addPerson()
    const other = await api.signIn(bob.email, bob.password)
    const newPassword = 'eight tidier otters'
    api.credentials.add(newPassword)
    const response = await change(bob.cookie, { currentPassword: bob.password, newPassword })
    expect(response.statusCode, response.body).toBe(200)
    expect(response.json()).toMatchObject({ user: { id: bob.id } })
    const renewed = cookieOf(response)!
    expect([await status(bob.cookie), await status(other), await status(renewed)]).toEqual([401, 401, 200])
    const old = { email: bob.email, password: bob.password }
    expect((await api.inject({ method: 'POST', url: '/v1/session', payload: old })).statusCode).toBe(401)
    expect(await api.signIn(bob.email, newPassword)).toBeTruthy()
    expect(findAny([newPassword], await dumpTables(api.database))).toEqual([])
  })

  it('leaves no session alive that was being begun with the old password', async () => {
    const bob = await api.addPerson()
    const db = api.database.drizzle
    const secret = randomBytes(32).toString('base64url')
    const auth = createAuth(db, {
      secret,
      dashboardUrl,
      warn: () => undefined,
      onWorkspaceCreated: async () => undefined,
    })
    // The change happens, and ends all sessions there are, after the old password was found to be right.
    const changedMeanwhile = {
      ...auth.api,
      async signInEmail(options: never): Promise<unknown> {
        const begun: unknown = await auth.api.signInEmail(options)
        await db.update(credentials).set({ password: 'another' }).where(eq(credentials.userId, bob.id))
        return begun
      },
    }
    const lateAuth = { ...auth, api: changedMeanwhile } as unknown as typeof auth
    const late = createSessions(db, lateAuth, () => Promise.resolve(null))
    const before = await count()
    const request = { headers: {}, ip: '192.0.2.1' } as FastifyRequest
    expect(await late.begin(request, bob)).toEqual({ ok: false, reason: 'invalid_credentials' })
    expect(await count()).toBe(before)
  })

  it('changes nothing when the current password is wrong', async () => {
    const bob = await api.addPerson()
    const passwords = { currentPassword: 'not my password', newPassword: 'eight tidier otters' }
    const response = await change(bob.cookie, passwords)
    expect(response.statusCode).toBe(403)
    expect(response.json()).toMatchObject({ code: 'wrong_password' })
    expect(cookieOf(response)).toBeNull()
    expect(await status(bob.cookie)).toBe(200)
    expect(await api.signIn(bob.email, bob.password)).toBeTruthy()
  })

  it('refuses a weak password, naming the field', async () => {
    const bob = await api.addPerson()
    for (const newPassword of ['fourteen chars', 'passwordpassword', 'seven tidy otters\ud800', bob.email]) {
      const response = await change(bob.cookie, { currentPassword: bob.password, newPassword })
      expect(response.statusCode).toBe(400)
      expect(response.json()).toMatchObject({ errors: [{ field: 'newPassword' }] })
    }
  })

  it('takes 64 characters, blanks, other scripts and more than 72 bytes, and cuts nothing', async () => {
    const bob = await api.addPerson()
    const newPassword = `пароль с пробелами 🦦 ${'x'.repeat(64)} end`
    api.credentials.add(newPassword)
    const response = await change(bob.cookie, { currentPassword: bob.password, newPassword })
    expect(response.statusCode, response.body).toBe(200)
    expect(await api.signIn(bob.email, newPassword)).toBeTruthy()
    const cut = { email: bob.email, password: newPassword.slice(0, -1) }
    expect((await api.inject({ method: 'POST', url: '/v1/session', payload: cut })).statusCode).toBe(401)
  })
})
